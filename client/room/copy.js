/**
 * Every sentence a person reads comes from the page's catalogue; here it is looked up, its plural chosen and its places filled.
 *
 * @typedef {(id: string, values?: Record<string, string|number>, n?: number) => string} Say
 * @typedef {Say & {has: (id: string) => boolean}} Sentences
 */

/**
 * @param {Record<string, string>} catalogue
 * @param {string} lang
 * @returns {Sentences}
 */
export function reader(catalogue, lang) {
  const plural = new Intl.PluralRules(lang);
  const count = new Intl.NumberFormat(lang);
  /** @type {Say} */
  const say = (id, values = {}, n) => {
    const chosen = n === undefined ? id : `${id}.${plural.select(n)}`;
    const sentence = catalogue[chosen] ?? catalogue[`${id}.other`] ?? catalogue[id] ?? id;
    const all = n === undefined ? values : { n, ...values };
    return sentence.replace(/\{(\w+)\}/g, (place, name) => {
      const value = all[name];
      if (value === undefined) return place;
      return typeof value === "number" ? count.format(value) : value;
    });
  };
  return Object.assign(say, { has: (/** @type {string} */ id) => id in catalogue });
}
