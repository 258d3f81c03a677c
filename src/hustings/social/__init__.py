"""The square: people, and what they may do. Behaviour and queries: functions that take a connection and the time.

Read `names` and `passwords` (what is allowed), then `accounts` (who is here), `sessions` (where they are logged in) and
`second_factor`. Pages and APIs are web's.
"""
