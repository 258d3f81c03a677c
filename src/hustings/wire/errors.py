"""Every error code that a client can see, with its HTTP status and its plain sentence.

`Refused` is what a process raises when it says no to a person; `code` is stable, for programs; the sentence is for
people.
`docs/errors.md` is this table, and a test holds the two together.
"""

from __future__ import annotations

import json

CODES: dict[str, tuple[int, str]] = {
    # requests
    "bad_request": (400, "This request cannot be read."),
    "not_found": (404, "There is nothing at this address."),
    "method_not_allowed": (405, "This address does not take that method."),
    "body_too_large": (413, "This request is larger than is allowed here."),
    "too_many": (429, "Too many requests from your address. Try again in a minute."),
    "too_slow": (408, "This request came too slowly."),
    "busy": (503, "Too much is asked of this server at once. Try again in a second."),
    "studio_away": (503, "The stage is restarting. Trying again helps."),
    "database_away": (
        503,
        "The programme cannot be read just now. Rooms that are on go on; try again in a moment.",
    ),
    "work_full": (503, "This server has too much to do just now. Try again in an hour."),
    "unexpected": (500, "Something broke on our side; it is in the log."),
    # tickets
    "ticket_missing": (401, "This needs a ticket. Open the link that you were sent."),
    "ticket_malformed": (401, "This ticket is not whole. Copy the link again."),
    "ticket_forged": (401, "This ticket was not signed here."),
    "ticket_revoked": (401, "This ticket was taken back."),
    "ticket_expired": (401, "This ticket ended with its room."),
    "ticket_wrong_room": (403, "This ticket is for another room."),
    "ticket_in_use": (
        409,
        "This ticket is open on another device. Let this one in from there, or ask the host.",
    ),
    "role_too_low": (403, "This ticket does not allow that."),
    # rooms
    "room_unknown": (404, "There is no such room."),
    "room_over": (410, "This room is over."),
    "room_taken": (409, "Another room has this address."),
    "rooms_full": (503, "This server holds no more rooms at once."),
    "doors_closed": (409, "The doors are not open yet."),
    "stage_full": (409, "The stage is full."),
    "wrong_state": (409, "The room is not at the point where this can be done."),
    "person_unknown": (404, "There is nobody of that name on this stage."),
    "command_unknown": (404, "There is no such command."),
    "session_unknown": (404, "There is no such session."),
    "session_renewed": (412, "This session has other ICE credentials by now."),
    # offers
    "offer_too_large": (413, "This offer is larger than 64 KiB."),
    "offer_malformed": (400, "This is not a session description."),
    "offer_no_audio": (400, "This offer has no audio in it."),
    "offer_two_tracks": (400, "This offer has more than one audio track; one is right."),
    "offer_video": (400, "This offer has video in it; a stage is for voices."),
    "offer_no_opus": (406, "This offer has no Opus at 48 kHz in it."),
    "offer_direction": (400, "This offer goes the wrong way for this address."),
    "offer_passive": (
        422,
        "This offer leaves it to us to begin the handshake (setup:passive); say actpass or active.",
    ),
    # hands
    "hand_up_already": (409, "Your hand is up already."),
    "hand_unknown": (404, "That hand is no longer up."),
    "queue_full": (429, "The queue of hands is full. Try again later."),
    # recording
    "recording_off": (409, "This room keeps no recording."),
    "link_expired": (410, "This download link has ended. Ask for a new one."),
    # planning
    "title_empty": (422, "A room needs a title."),
    "title_too_long": (422, "A title has 200 characters at the most."),
    "description_too_long": (422, "A description has 5,000 characters at the most."),
    "name_malformed": (422, "A name has 1 to 60 characters."),
    "key_malformed": (422, "An address has 3 to 64 of a–z, 0–9 and -."),
    "key_reserved": (422, "This word is one that the server itself needs."),
    "key_taken": (409, "Another room has this address."),
    "time_past": (422, "That hour is over."),
    "time_too_far": (422, "That is more than two years ahead."),
    "time_malformed": (422, "That is not a time."),
    "profile_unknown": (422, "A profile is default or fast."),
    "picture_too_large": (413, "This picture is too large."),
    "picture_malformed": (422, "This is not a picture that can be read (JPEG, PNG, GIF or WebP)."),
    "picture_alt_missing": (
        422,
        "Say in a few words what the picture shows, for those who cannot see it.",
    ),
    "picture_alt_too_long": (422, "What a picture shows is said in 500 characters at the most."),
    "planner_key_wrong": (403, "Planning a room here needs the planner key."),
    "cross_site": (403, "This form was sent from another site."),
    # accounts
    "handle_malformed": (422, "A handle has 2 to 30 of a–z, 0–9 and _."),
    "handle_reserved": (422, "This word is one that the server itself needs."),
    "handle_taken": (409, "Somebody has this handle."),
    "email_malformed": (422, "That is not an e-mail address."),
    "email_taken": (409, "There is an account with this e-mail address."),
    "email_needed": (
        422,
        "This server sends you a letter to confirm: it needs your e-mail address.",
    ),
    "letter_over": (410, "This link is not, or no longer, good. Ask for another letter."),
    "mail_off": (409, "This server sends no mail. Ask those who look after it."),
    "password_short": (422, "A password has 8 characters at least."),
    "password_long": (422, "A password has 256 characters at the most."),
    "password_known": (
        422,
        "This password is among the first that anybody would try. Choose another.",
    ),
    "password_wrong": (403, "This is not your password."),
    "note_too_long": (422, "That is said in 500 characters at the most."),
    "comment_too_long": (422, "A note about somebody has 2,000 characters at the most."),
    "sign_up_closed": (403, "Nobody can sign up here just now."),
    "invite_unknown": (403, "This invitation is not, or no longer, good. Ask for another."),
    "log_in_needed": (401, "Log in for this."),
    "log_in_wrong": (401, "This name and this password do not belong together."),
    "log_in_again": (401, "This took too long, or too many tries. Log in once more."),
    "code_wrong": (403, "This code is not right, or was used already."),
    "totp_on_already": (409, "Codes are asked for already."),
    "account_suspended": (403, "This account is suspended."),
    "account_unknown": (404, "There is no such account."),
    "not_allowed": (403, "This is for those who look after this server."),
    "email_blocked": (403, "This e-mail address cannot sign up here."),
    "act_forbidden": (
        403,
        "This is not yours to decide: one’s own account, one of the same rank, and a ban that an owner lifts are not.",
    ),
    "standing_wrong": (409, "This account does not stand so that this could be done."),
    "reason_missing": (422, "Say why. Whom it is about reads it, and so does the log."),
    "domain_malformed": (422, "That is not the name of a server."),
    "block_taken": (409, "This domain is blocked already."),
    "block_unknown": (404, "There is no such block."),
    "report_unknown": (404, "There is no such report."),
    "report_oneself": (422, "Nobody reports himself."),
    "report_posts_many": (422, "A report names 20 posts at the most."),
    "report_comment_too_long": (422, "That is said in 1,000 characters at the most."),
    "report_category_unknown": (
        422,
        "A report is about spam, a violation, the law, or something else.",
    ),
    "rule_unknown": (422, "This server has no such rule."),
    "reports_many": (
        429,
        "Twenty reports in a day are taken at the most. Those that you sent are read.",
    ),
    "email_unconfirmed": (403, "Confirm your address first: we sent you a letter."),
    "email_confirmed": (403, "This address is confirmed already."),
    "agreement_needed": (422, "Whoever signs up has to agree to the rules of this server."),
    "preference_malformed": (422, "That cannot be set to this."),
    "not_offered": (422, "This server does not do that yet."),
    # apps
    "app_name_malformed": (422, "The name of an app has 1 to 60 characters."),
    "website_malformed": (422, "The address of an app's page begins with https:// or http://."),
    "redirect_uri_wrong": (
        422,
        "An app is answered at an https address, on this machine, or by a scheme of its own, and at the one it registered.",
    ),
    "scope_unknown": (422, "This server knows no such scope, or the app did not register it."),
    "client_unknown": (401, "There is no such app here, or this is not its secret."),
    "grant_unsupported": (400, "A token is had by authorization_code or client_credentials."),
    "grant_wrong": (400, "This code was used, is over, or was made for another request."),
    "response_type_unsupported": (400, "An app asks for a code (response_type=code)."),
    "challenge_malformed": (400, "A challenge (PKCE) is made by S256: 43 characters."),
    "access_denied": (403, "This was not allowed."),
    "token_wrong": (401, "The access token is invalid."),
    "scope_missing": (403, "This action is outside of the authorized scopes."),
    # posts
    "post_unknown": (404, "There is no such post."),
    "post_gone": (410, "This post was deleted by whoever wrote it, or by a moderator."),
    "post_empty": (422, "A post needs some words."),
    "post_too_long": (422, "That is longer than a post may be."),
    "visibility_unknown": (422, "A post is public, unlisted, private or direct."),
    "language_malformed": (422, "That is not a language."),
    "repost_forbidden": (403, "This post cannot be reposted."),
    "quote_forbidden": (403, "Whoever wrote this post does not let you quote it."),
    "quote_unmentioned": (422, "Who is quoted for single people only must be one of them."),
    "quote_fixed": (422, "An edit cannot change what a post quotes."),
    "quote_policy_unknown": (422, "A post may be quoted by public, followers or nobody."),
    "posts_many": (429, "That is a great deal at once. Try again in an hour."),
    "edits_full": (422, "A post is edited 100 times at the most."),
    "pins_full": (422, "Five posts are pinned at the most."),
    "pin_forbidden": (422, "What is pinned is one’s own, and not for single people."),
    "follow_forbidden": (403, "This account cannot be followed by you."),
    "follows_full": (422, "One follows 7,500 accounts at the most."),
    "list_unknown": (404, "There is no such list of yours."),
    "list_title_malformed": (422, "A list has a title of 1 to 256 characters."),
    "list_replies_unknown": (422, "A list has answers to followed, list or none."),
    "list_not_followed": (422, "Only whom you follow can be in a list of yours."),
    "lists_full": (422, "Fifty lists are kept at the most."),
    "list_full": (422, "A list has 500 people at the most."),
    "query_too_long": (422, "A search has 500 characters and 20 terms at the most."),
    "stream_unknown": (404, "There is no such stream."),
    "notification_unknown": (404, "There is no such notification."),
    "archive_malformed": (
        422,
        "This is not an archive that can be read: outbox.json of Mastodon, or tweets.js of X.",
    ),
    "archive_too_large": (413, "This archive is larger than is taken here."),
    "import_under_way": (409, "Your last archive is still being read."),
    "not_let_in": (403, "Somebody here has to let you in first."),
    # pictures and sounds of posts
    "media_unknown": (404, "There is no such picture or sound of yours."),
    "media_malformed": (
        422,
        "This is not a picture (JPEG, PNG, GIF, WebP) or a sound (MP3, Ogg, WAV, M4A) that can be read.",
    ),
    "media_too_large": (413, "This picture or sound is larger than is allowed here."),
    "media_too_long": (422, "This sound is longer than is allowed here."),
    "media_too_hard": (422, "This picture or sound takes more work than is allowed here."),
    "media_failed": (422, "Nothing could be made of this just now. Send it once more."),
    "media_busy": (422, "This picture or sound is still being made. Try again in a moment."),
    "media_used": (422, "This picture or sound stands in another post already."),
    "media_many": (422, "A post has four pictures, or one sound, at the most."),
    "media_alt_too_long": (422, "What is seen or heard is said in 1,500 characters at the most."),
    "media_credit_too_long": (422, "A credit line has 200 characters at the most."),
    "media_focus_malformed": (422, "A focus is two numbers from -1 to 1."),
    "uploads_many": (429, "Thirty pictures and sounds are taken in half an hour at the most."),
    # polls
    "poll_unknown": (404, "There is no such poll."),
    "poll_options_count": (422, "A poll has two, three or four answers."),
    "poll_option_too_long": (422, "An answer of a poll has 50 characters at the most."),
    "poll_options_alike": (422, "Two answers of this poll are the same."),
    "poll_length_wrong": (
        422,
        "A poll runs for five minutes at the least, and a month at the most.",
    ),
    "poll_with_media": (422, "A post has a poll, or pictures and sounds, but not both."),
    "poll_own": (422, "Nobody votes in a poll of his own."),
    "poll_over": (422, "This poll is over."),
    "poll_voted": (422, "You have voted in this poll already."),
    "poll_choice_wrong": (
        422,
        "Choose among the answers that there are: one, or several where the poll says so.",
    ),
    # posts that are to appear later
    "scheduled_unknown": (404, "There is no such post of yours that is to appear."),
    "scheduled_soon": (
        422,
        "A post that is to appear later appears in five minutes at the earliest.",
    ),
    "scheduled_many": (422, "Three hundred posts wait at the most, and twenty-five for one day."),
    # rehearsing another machine's server
    "rehearsal_no_token": (
        403,
        "This server is not this machine: rehearsing it needs its consent. On the server: hustings rehearse --consent.",
    ),
    "rehearsal_no_consent": (
        403,
        "This server does not say that it may be rehearsed (/rehearsal-consent.txt, for this host).",
    ),
    "rehearsal_token_wrong": (403, "This token is not the one that the server's consent names."),
    "rehearsal_consent_over": (403, "The server's consent ends before this rehearsal would."),
    "rehearsal_too_many": (403, "The server's consent is for fewer listeners."),
    # odd reloads of a playlist (header Hustings-Error beside a 200)
    "reload_malformed": (200, "A `_HLS_` value of this request is not a number that can be."),
    "reload_too_far": (200, "This reload asks for sound that is too far ahead."),
    "part_unknown": (404, "There is no such part."),
    "range_unsatisfiable": (416, "That range is outside of the object."),
}

RETRY_AFTER = {429: {"Retry-After": "60"}, 503: {"Retry-After": "1"}}
"""When to come again, in seconds, by status (RFC 9110 §10.2.3), as a header."""


class Refused(Exception):
    """A "no" with a stable code. `detail` adds fields to the answer (`starts_at_ms`, …)."""

    def __init__(self, code: str, **detail: object) -> None:
        self.code = code
        self.status, self.sentence = CODES[code]
        self.detail = detail
        super().__init__(code)

    def body(self) -> bytes:
        """The JSON answer, UTF-8."""
        return json.dumps({"code": self.code, "message": self.sentence, **self.detail}).encode()
