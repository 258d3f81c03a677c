"""Real browsers on a private sound system, and ears that can tell who is heard.

``fixtures`` is what a test imports; the other files are its parts: ``pulse`` (microphones and
ears), ``chromium`` and ``firefox`` (people), ``sound`` (what a recording holds), ``waiting``.
"""
