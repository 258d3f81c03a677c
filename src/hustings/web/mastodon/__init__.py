"""The Mastodon client API, so that people use the app that they already have (docs/apps.md).

Words, addresses and shapes are Mastodon's own (https://docs.joinmastodon.org/client/intro/). Nothing here reads a cookie but
the page on which somebody lets an app in.
"""
