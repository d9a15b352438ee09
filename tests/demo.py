"""demo.py MAILDIR FILE - show the one mail below MAILDIR and compare its
attachment with FILE, with nothing but Python's own mail parser."""
import email
import email.policy
import hashlib
import pathlib
import sys
import time

box, sent = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])

# Delivery goes on after the server has said 250: look until it is there.
deadline = time.monotonic() + 20
while not (mails := sorted(box.rglob("new/*"))):
    if time.monotonic() > deadline:
        sys.exit(f"nothing arrived below {box}")
    time.sleep(0.02)

mail = mails[-1]
message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
print(f"{mail}, {mail.stat().st_size} octets")
for name in ("From", "To", "Subject", "Date", "Message-ID"):
    print(f"  {name}: {message[name]}")

parts = [part for part in message.walk() if part.get_filename()]
defects = [d for part in message.walk() for d in part.defects]
assert len(parts) == 1 and not defects, (parts, defects)
got = parts[0].get_payload(decode=True)
digests = [hashlib.sha256(data).hexdigest() for data in (sent.read_bytes(), got)]
print(f"  {parts[0].get_filename()}: {parts[0].get_content_type()}, {len(got)} octets")
print(f"\nsha256 sent     {digests[0]}")
print(f"sha256 arrived  {digests[1]}")
if digests[0] != digests[1]:
    sys.exit("THE ATTACHMENT WAS CHANGED ON ITS WAY")
print("the same")
