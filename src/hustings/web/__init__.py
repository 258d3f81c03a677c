"""PROCESS: the web host. People plan rooms here; who talks or listens never needs it.

`app` puts the parts together; read then `plans` (what is asked, and its limits), `planning` (what is done), `programme`
(the rooms in the database), `follower` and `effects` (what studio tells), `pages` and `api` (what people and programs see).
"""
