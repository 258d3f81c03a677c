"""Clients that nobody here wrote, against a server on loopback: they register, are let in, and read who they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mastodon import Mastodon, MastodonUnauthorizedError

from tests.web.mastodon.conftest import Served
from tests.web.mastodon.typed import faults

ROOT = Path(__file__).parents[3]
MASTO = ROOT / "tests" / "e2e" / "node_modules" / "masto"
SCOPES = ["read", "write", "follow", "push"]


def mastodon_py(served: Served, handle: str = "ada") -> Mastodon:
    """Mastodon.py with a token of somebody new."""
    client_id, secret = Mastodon.create_app("Quill", scopes=SCOPES, api_base_url=served.url)
    api = Mastodon(client_id, secret, api_base_url=served.url, version_check_mode="created")
    code = served.allow(handle, api.auth_request_url(scopes=SCOPES, allow_http=True))
    api.log_in(code=code, scopes=SCOPES, allow_http=True)
    return api


def test_mastodon_py_is_let_in_and_out_again(served: Served) -> None:
    api = mastodon_py(served)
    me = api.me()
    assert me.username == "ada" and me.source.privacy == "public"
    assert api.account(me.id).url == f"{served.url}/@ada"
    assert api.account_lookup("ada").id == me.id
    assert api.app_verify_credentials().name == "Quill"
    assert api.custom_emojis() == [] and api.announcements() == []
    assert api.preferences()["posting:default:visibility"] == "public"
    changed = api.account_update_credentials(
        display_name="Ada",
        note="First.\n\nhttps://a.example/",
        fields=[("Web", "https://a.example")],
    )
    assert changed.display_name == "Ada" and "<p>First.</p>" in changed.note
    assert changed.fields[0].name == "Web"
    assert api.instance_nodeinfo().software.name == "hustings"
    assert api.instance_v2().api_versions.mastodon == 2
    assert api.retrieve_mastodon_version(fail_hard=True) == "4.5.0"
    api.revoke_access_token(allow_http=True)
    with pytest.raises(MastodonUnauthorizedError):
        Mastodon(access_token=api.access_token or "x" * 43, api_base_url=served.url).me()


def test_mastodon_py_signs_somebody_up(served: Served) -> None:
    client_id, secret = Mastodon.create_app("Quill", scopes=SCOPES, api_base_url=served.url)
    api = Mastodon(client_id, secret, api_base_url=served.url)
    api.create_account("eve", "a bridge in Kyoto", "eve@example.org", agreement=True, scopes=SCOPES)
    assert api.me().username == "eve"


def test_answers_are_what_mastodon_py_declares(served: Served) -> None:
    api = mastodon_py(served)
    becomes_owner(served)
    named = asked(served, "/api/v1/preferences", api.access_token)
    found = faults("Preferences", {name.replace(":", "_"): one for name, one in named.items()})
    for kind, path in (
        ("Account", "accounts/verify_credentials"),
        ("Account", "accounts/lookup?acct=ada"),
        ("Application", "apps/verify_credentials"),
    ):
        tree = asked(served, f"/api/v1/{path}", api.access_token)
        found += faults(kind, tree)
    found += faults("Instance", asked(served, "/api/v1/instance"))
    found += faults("InstanceV2", asked(served, "/api/v2/instance"))
    found += faults("Nodeinfo", asked(served, "/nodeinfo/2.0"))
    assert found == [], "\n".join(found)


def becomes_owner(served: Served, handle: str = "ada") -> None:
    """So that the instance has somebody whom one may ask."""
    key = (served.home / "keys" / "planner.txt").read_text().strip()
    answer = served.browser(handle).post("/settings/owner", data={"planner": key})
    assert answer.headers["Location"] == "/moderation"


def asked(served: Served, path: str, token: str | None = None) -> Any:
    import httpx

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.get(f"{served.url}{path}", headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def toot(served: Served, *words: str, said: str = "") -> str:
    """The command line, with a configuration of its own."""
    environ = {
        **os.environ,
        "XDG_CONFIG_HOME": str(served.home),
        "XDG_CACHE_HOME": str(served.home),
    }
    done = subprocess.run(
        [sys.executable, "-m", "toot", "--no-color", *words],
        env=environ,
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def toot_logs_in(served: Served, handle: str = "ada") -> None:
    """It shows an address and asks for the code: two runs, since it registers once."""
    environ = {
        **os.environ,
        "XDG_CONFIG_HOME": str(served.home),
        "XDG_CACHE_HOME": str(served.home),
    }
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "toot", "--no-color", "login", "-i", served.url],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        assert run.stdin is not None and run.stdout is not None
        lines = []
        for line in run.stdout:
            lines.append(line)
            if line.startswith(served.url):
                break
        else:
            raise AssertionError("".join(lines))
        code = served.allow(handle, line.strip())
        run.stdin.write(f"n\n{code}\n")
        run.stdin.close()
        rest = run.stdout.read()
        assert run.wait(60) == 0, rest
    assert "Successfully logged in" in rest


def test_toot_logs_in(served: Served) -> None:
    toot_logs_in(served)
    assert "ada@" in toot(served, "auth")
    assert "@ada" in toot(served, "whoami")
    assert "Hustings" in toot(served, "instance")


def masto(served: Served, script: str, *words: str) -> Any:
    """A script with `masto` and the words in `argv`; what it prints as JSON."""
    if not MASTO.is_dir():
        pytest.skip("masto is not installed (make test brings it)")
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, "--", served.url, *words],
        cwd=ROOT / "tests" / "e2e",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


MASTO_LET_IN = """
import { createRestAPIClient, createOAuthAPIClient } from "masto";
const [url, code, id, secret] = process.argv.slice(1);
if (!code) {
  const rest = createRestAPIClient({ url });
  const app = await rest.v1.apps.create(
    { clientName: "Elk", redirectUris: "urn:ietf:wg:oauth:2.0:oob", scopes: "read write follow push" });
  console.log(JSON.stringify(app));
} else {
  const oauth = createOAuthAPIClient({ url });
  const token = await oauth.token.create({ grantType: "authorization_code", code, clientId: id, clientSecret: secret,
    redirectUri: "urn:ietf:wg:oauth:2.0:oob" });
  const rest = createRestAPIClient({ url, accessToken: token.accessToken });
  const [me, second, first] = await Promise.all(
    [rest.v1.accounts.verifyCredentials(), rest.v2.instance.fetch(), rest.v1.instance.fetch()]);
  console.log(JSON.stringify({ token, me, second, first }));
}
"""


def test_masto_is_let_in(served: Served) -> None:
    app = masto(served, MASTO_LET_IN)
    query = "response_type=code&redirect_uri=urn:ietf:wg:oauth:2.0:oob&scope=read+write+follow+push"
    code = served.allow("ada", f"/oauth/authorize?client_id={app['clientId']}&{query}")
    told = masto(served, MASTO_LET_IN, code, app["clientId"], app["clientSecret"])
    assert told["me"]["username"] == "ada" and told["token"]["scope"] == "read write follow push"
    assert told["second"]["apiVersions"] == {"mastodon": 2}
    assert told["first"]["uri"] in served.url and "://" not in told["first"]["uri"]
