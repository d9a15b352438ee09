"""The names that the dialogue language and the server share."""

# Where a rule can take over.  Any verb in capitals is a point too, and `*'
# is every command that no other rule and no default answers.
POINTS = (
    "connect",      # the greeting is due
    "tls",          # the TLS handshake is due
    "auth-end",     # the credentials are in hand and were right
    "body",         # so many bytes of a message have come
    "end",          # the message is there: the dot, or BDAT LAST
)

# Each action with the kind of argument it takes.
ACTIONS = {
    "reply": "text",        # this line and CRLF
    "raw": "escaped",       # these bytes
    "default": "nothing",   # what a good server does here
    "wait": "seconds",      # a slow server
    "sh": "text",           # this command, in the home; then go on
    "drop": "nothing",      # end the connection (FIN), then read to its end
    "reset": "nothing",     # break it (RST)
    "silence": "nothing",   # read on, never answer
    "stall": "nothing",     # neither read nor answer
    "starttls": "nothing",  # the handshake, now
    "endless": "text",      # this line without end
    "drip": "drip",         # SECONDS TEXT: one byte each, without end
}

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER",
              "EXTERNAL", "SCRAM-SHA-1", "SCRAM-SHA-256",
              "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "NTLM")
