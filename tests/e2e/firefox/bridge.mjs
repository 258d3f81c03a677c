// One Firefox over WebDriver BiDi, told what to do in JSON lines on standard input:
//   {"id": 1, "do": "goto", "url": "..."}  ->  {"id": 1, "ok": true, "value": ...}
// What the page logs arrives as {"log": "..."} at any time. The end of the input closes the browser.
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const settings = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: settings.program,
  headless: true,
  userDataDir: settings.profile,
  extraPrefsFirefox: settings.prefs,
  protocolTimeout: 120_000,
  timeout: 110_000, // a machine that is full starts it late
});
const page = await browser.newPage();
page.setDefaultTimeout(30_000);
page.on("console", (message) => say({ log: `${message.type()}: ${message.text()}` }));
page.on("pageerror", (error) => say({ log: `pageerror: ${error.message}` }));

const verbs = {
  goto: ({ url }) => page.goto(url, { waitUntil: "domcontentloaded" }).then(() => page.url()),
  // A function's text and its argument, as Playwright's evaluate takes them.
  evaluate: ({ code, argument }) => page.evaluate(`(${code})(${JSON.stringify(argument ?? null)})`),
  click: ({ selector }) => page.locator(selector).click(),
  fill: ({ selector, text }) => page.locator(selector).fill(text),
  press: ({ key }) => page.keyboard.press(key),
  wait: ({ code, argument, deadline_ms }) =>
    page
      .waitForFunction(`(${code})(${JSON.stringify(argument ?? null)})`, {
        timeout: deadline_ms,
        polling: 100,
      })
      .then((handle) => handle.jsonValue()),
  see: ({ selector, deadline_ms }) =>
    page.waitForSelector(selector, { visible: true, timeout: deadline_ms }).then(() => true),
  screenshot: ({ path }) => page.screenshot({ path }).then(() => path),
  viewport: ({ width, height }) => page.setViewport({ width, height }),
};

say({ ready: await browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  try {
    say({ id: asked.id, ok: true, value: (await verbs[asked.do](asked)) ?? null });
  } catch (error) {
    say({ id: asked.id, ok: false, error: String(error?.message ?? error) });
  }
}
await browser.close();
