"""The square: people, and what they may do. Behaviour and queries: functions that take a connection and the time.

Read `names` and `passwords` (what is allowed), then `accounts` (who is here), `sessions` (where they are logged in) and
`second_factor`. Of the square: `text` and `drafts` (what may be said), `posts`, `media`, `reposts`, `marks` and `follows`
(what is done), `visibility` (who may see what: every query asks it), `shown` (posts as one reader sees them), `timelines`,
`feeds`, `threads`. Pages and APIs are web's.
"""
