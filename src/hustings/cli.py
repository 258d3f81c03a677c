"""The command `hustings`: reads the settings and starts something; nothing else.

Every subcommand is imported when it is asked for, so that a process carries only its own code.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hustings import settings

PROCESSES = {
    "studio": "the rooms: speakers' sound, mix, recording",
    "door": "the stage host: the stage page, sessions, commands",
    "edge": "the live host: listeners",
    "radio": "live.mp3, for radios",
    "web": "the web host: front page and planning of rooms",
    "work": "jobs: mail",
}
# A start that failed for one of these will fail again: one line and exit code 2, which tells `serve` to give up.
HOPELESS = frozenset(
    (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 a clean end, 1 doctor found a fault, 2 it can't start (one line on stderr says why)."""
    asked = _parser().parse_args(arguments)
    try:
        environ = _environment(asked, os.environ)
        tree = settings.load(_config_file(environ), environ)
    except (OSError, ValueError) as error:
        return _refuse(asked.command, str(error))
    # Children and grandchildren read the same settings: paths made whole, flags as variables.
    os.environ.update(
        {name: text for name, text in environ.items() if name.startswith("HUSTINGS_")}
    )
    _set_title(asked.command)
    try:
        return _start(asked, tree)
    except ModuleNotFoundError as error:
        whole = "'.[demo]'" if asked.command == "demo" else "."
        return _refuse(
            asked.command, f"the Python package `{error.name}` is missing: pip install {whole}"
        )
    except ImportError as error:
        return _refuse(asked.command, f"a library is missing: {error}")
    except OSError as error:
        if error.errno in HOPELESS or error.errno is None:
            return _refuse(asked.command, str(error))
        raise
    except KeyboardInterrupt:
        return 0


def _start(asked: argparse.Namespace, tree: settings.Settings) -> int:
    if asked.command == "serve":
        from hustings.serve import app  # noqa: PLC0415

        return app.run(tree, demo=asked.demo)
    if asked.command == "prepare":
        from hustings.serve import prepare  # noqa: PLC0415

        return prepare.run(tree)
    if asked.command == "forget":
        from hustings.studio import keeping  # noqa: PLC0415

        keeping.destroy(tree.run_dir)
        return 0
    if asked.command == "demo":
        from hustings.demo import serve as demo  # noqa: PLC0415

        return demo.run(tree, quiet=asked.quiet)
    if asked.command == "doctor":
        from hustings.doctor import report  # noqa: PLC0415

        return report.run(tree, as_json=asked.json)
    if asked.command == "rehearse":
        return _rehearse(asked, tree)
    importlib.import_module(f"hustings.{asked.command}.serve").run(tree)
    return 0


def _rehearse(asked: argparse.Namespace, tree: settings.Settings) -> int:
    from hustings.rehearse import app, plan  # noqa: PLC0415
    from hustings.wire.errors import Refused  # noqa: PLC0415

    try:
        if asked.verify:
            return app.verify(tree, Path(asked.verify))
        if asked.consent:
            most = plan.LISTENERS_MAX if asked.listeners is None else asked.listeners
            return app.give_consent(tree, asked.hold, most)
        if not asked.url or asked.listeners is None:
            raise ValueError("it needs the link of an event and --listeners N")
        wanted = plan.make(
            asked.url,
            asked.listeners,
            asked.ramp,
            asked.hold or "60",
            asked.playlists,
            asked.cores,
        )
        out = (
            asked.out
            or f"rehearsal-{wanted.address.key}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
        )
        return app.run(tree, wanted, asked.token, Path(out))
    except Refused as refused:
        return _refuse(asked.command, f"{refused.code}: {refused.sentence}")
    except (ValueError, OSError) as error:
        return _refuse(asked.command, str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hustings", description="Live conversation with a crowd, that starts on time."
    )
    parser.add_argument("--version", action=_SayVersion, nargs=0, help="say the version")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--config", metavar="FILE", help="settings (default: ./hustings.toml if there)"
    )
    shared.add_argument("--data", metavar="DIR", help="where everything is kept (default: ./data)")
    shared.add_argument("--tls-cert", metavar="PEM", help="with --tls-key: speak https")
    shared.add_argument("--tls-key", metavar="PEM")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", parents=[shared], help="start everything and keep it up")
    serve.add_argument("--demo", action="store_true", help="with two voices in the room `demo`")
    for name, what in PROCESSES.items():
        commands.add_parser(name, parents=[shared], help=what)
    demo = commands.add_parser(
        "demo", parents=[shared], help="the two voices, for a running server"
    )
    demo.add_argument("--quiet", action="store_true", help="print no addresses (`serve` does)")
    commands.add_parser(
        "prepare", parents=[shared], help="make keys, publish assets and stage page"
    )
    commands.add_parser(
        "forget", parents=[shared], help="the keys of calls that a studio left for the next one"
    )
    _add_rehearse(
        commands.add_parser(
            "rehearse", parents=[shared], help="model listeners on the real road, and a report"
        )
    )
    doctor = commands.add_parser("doctor", parents=[shared], help="what this machine can do")
    doctor.add_argument("--json", action="store_true", help="for machines")
    return parser


def _add_rehearse(rehearse: argparse.ArgumentParser) -> None:
    rehearse.add_argument("url", nargs="?", metavar="URL", help="the link of an event that is on")
    rehearse.add_argument("--listeners", type=int, metavar="N", help="how many come")
    rehearse.add_argument(
        "--ramp", default="60", metavar="S", help="within this time (default: 60; 5m)"
    )
    rehearse.add_argument(
        "--for", dest="hold", default="", metavar="T", help="and stay so long (default: 60)"
    )
    rehearse.add_argument(
        "--playlists", default="10%", metavar="SHARE", help="of them read playlists, as hls.js does"
    )
    rehearse.add_argument(
        "--cores", type=int, default=1, metavar="K", help="processes that listen (default: 1)"
    )
    rehearse.add_argument(
        "--token", default="", help="the consent of a server that is not this machine"
    )
    rehearse.add_argument(
        "--out", metavar="DIR", help="where the report goes (default: ./rehearsal-KEY-TIME)"
    )
    other = rehearse.add_mutually_exclusive_group()
    other.add_argument(
        "--consent", action="store_true", help="on the server: let it be rehearsed --for so long"
    )
    other.add_argument("--verify", metavar="FILE", help="whether a report is what was signed")


def _environment(asked: argparse.Namespace, environ: os._Environ[str]) -> dict[str, str]:
    """The environment with the flags in it: a flag is one more way to write a variable, and beats it."""
    flags = {
        "HUSTINGS_CONFIG": asked.config,
        "HUSTINGS_DATA": asked.data,
        "HUSTINGS_TLS__CERT": asked.tls_cert,
        "HUSTINGS_TLS__KEY": asked.tls_key,
    }
    beside = Path("hustings.toml")
    if flags["HUSTINGS_CONFIG"] is None and not environ.get("HUSTINGS_CONFIG") and beside.exists():
        flags["HUSTINGS_CONFIG"] = str(beside)
    merged = dict(environ)
    merged.update({n: str(Path(path).absolute()) for n, path in flags.items() if path is not None})
    return merged


def _config_file(environ: dict[str, str]) -> Path | None:
    named = environ.get("HUSTINGS_CONFIG")
    return Path(named) if named else None


def _refuse(command: str, why: str) -> int:
    print(f"hustings {command}: {why}", file=sys.stderr, flush=True)
    return 2


def _set_title(command: str) -> None:
    try:
        import setproctitle  # noqa: PLC0415
    except ImportError:
        return  # the title in `ps` is a comfort
    setproctitle.setproctitle(f"hustings {command}")


class _SayVersion(argparse.Action):
    """Looks the version up only when asked: `importlib.metadata` costs 2.5 MB in every process."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from importlib import metadata  # noqa: PLC0415

        try:
            print("hustings", metadata.version("hustings"))
        except metadata.PackageNotFoundError:
            print("hustings, from a checkout")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
