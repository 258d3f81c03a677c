"""Whether letters could be sent with these settings."""

from __future__ import annotations

from pathlib import Path

from hustings.doctor.finding import Finding
from hustings.settings import Settings
from hustings.work.post import Post, our_name
from hustings.work.runner import NotNow


def mail(settings: Settings) -> Finding:
    """Greets the mail server as work does, logs in, and hangs up: nothing is sent."""
    asked = settings.mail
    if not asked.on:
        advice = "set [mail] for letters: then addresses are confirmed, and a forgotten password can be replaced"
        return Finding("mail", "ok", "none; accounts are confirmed at once", advice)
    if asked.user and (finding := _password_file(Path(asked.password_file))):
        return finding
    post = Post(asked, our_name(settings), 1)
    try:
        post.try_out()
    except NotNow as error:
        return Finding("mail", "fail", str(error), "letters wait until this is put right ([mail])")
    finally:
        post.close()
    return Finding("mail", "ok", f"{asked.host}, port {asked.port}, takes letters from us")


def _password_file(path: Path) -> Finding | None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return Finding("mail", "fail", f"{path}: {error.strerror}", "fix `mail.password_file`")
    if mode & 0o077:
        return Finding("mail", "fail", f"others may read {path}", f"chmod 600 {path}")
    return None
