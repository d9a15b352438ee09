#!/usr/bin/env python3
"""signed_judge make FOLDER | mbox FOLDER FILE | verify FOLDER COUNT

Makes mails that are signed, each with what a mailer would like to put right,
and verifies what came of them, by OpenSSL, GnuPG and dkimpy.  The field X-Case
tells which a mail is.  Keys lie in the working directory."""

import base64
import os
import re
import subprocess
import sys
from email import message_from_bytes
from email.policy import compat32

import dkim

TOP = ("From: Ann <ann@example.org>\r\nTo: alice@localhost\r\n"
       "Subject: one\r\n  that is  folded in its own way\r\n"
       "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
       "Message-ID: <%s@example.org>\r\nX-Case: %s\r\n")
# what is put right elsewhere: labels, blanks at a line's end, From, dots, an
# outer boundary that never comes again
TEMPTING = (b"Content-Type: text/plain; charset=us-ascii\r\n"
            b"Content-Transfer-Encoding: %s\r\n\r\n"
            b"%s  \r\nFrom me\r\n.\r\n-- \r\n--\r\nann\r\n\r\n")
GNUPG = {**os.environ, "GNUPGHOME": os.path.abspath("gnupg")}


def run(*command, given=b"", **more):
    done = subprocess.run(command, input=given, capture_output=True, **more)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def gpg(*arguments, given=b""):
    return run("gpg", "--batch", "--quiet", "--yes", "--pinentry-mode",
               "loopback", "--passphrase", "", *arguments, given=given,
               env=GNUPG)


def keys():
    if os.path.exists("dkim.key"):
        return
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
        "key.pem", "-out", "cert.pem", "-subj", "/CN=ann", "-days", "30")
    run("openssl", "genrsa", "-traditional", "-out", "dkim.key", "2048")
    os.mkdir("gnupg", 0o700)
    gpg("--quick-gen-key", "ann@example.org", "ed25519", "sign", "never")


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def mail(case, rest):
    return (TOP % (case, case)).encode() + rest


def cms(content, *options):
    signed = run("openssl", "cms", "-sign", "-binary", "-crlfeol", "-signer",
                 "cert.pem", "-inkey", "key.pem", *options, given=content)
    return crlf(signed)


def pgp_mime(content):
    signature = crlf(gpg("--armor", "--detach-sign", given=content))
    return (b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=s;"
            b"\r\n micalg=pgp-sha512; protocol=\"application/pgp-signature\""
            b"\r\n\r\n--s\r\n" + content + b"\r\n--s\r\n"
            b"Content-Type: application/pgp-signature\r\n\r\n" + signature +
            b"\r\n--s--\r\n")


def clear(text):
    return b"above \xe9\r\n\r\n" + crlf(gpg("--clearsign", given=text))


def labelled(label, body):
    return (b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
            b"Content-Transfer-Encoding: " + label + b"\r\n\r\n" + body)


def by_dkim(message, fields, canonical):
    with open("dkim.key", "rb") as key:
        return dkim.sign(
            message, b"s", b"example.org", key.read(), canonicalize=canonical,
            include_headers=[x.encode() for x in fields]) + message


STRICT = (b"simple", b"simple")
KINDLY = (b"relaxed", b"relaxed")
FIELDS = ("from", "to", "subject", "date", "message-id", "mime-version",
          "content-type", "content-transfer-encoding")


def forwarded(case, message):
    return mail(case, b"MIME-Version: 1.0\r\n"
                b"Content-Type: multipart/mixed; boundary=outer\r\n\r\n"
                b"--outer\r\n\r\nlook\r\n--outer\r\n"
                b"Content-Type: message/rfc822\r\n\r\n" + message +
                b"\r\n--outer--\r\n")


def mails():
    text = TEMPTING % (b"binary", b"all of it is ASCII")
    high = TEMPTING % (b"7bit", b"gr\xfc\xdfe")
    open_inside = (b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n"
                   + text + b"\r\nthe boundary never comes again\r\n")
    armour = clear(b"gr\xfc\xdfe\n- a list\nFrom me\n")
    signed = by_dkim(mail("inner", b"MIME-Version: 1.0\r\n" + high), FIELDS,
                     STRICT)

    yield mail("cms-detached", cms(text))
    yield mail("cms-8bit", cms(high))
    yield mail("cms-open", cms(open_inside))
    yield mail("cms-blob", cms(text, "-nodetach"))
    yield mail("pgp-mime", pgp_mime(text))
    yield mail("pgp-mime-8bit", pgp_mime(high))
    yield mail("clear", labelled(b"binary", armour))
    yield mail("clear-qp", labelled(
        b"quoted-printable",
        armour.replace(b"=", b"=3D").replace(b"\xfc", b"=FC")))
    yield mail("clear-base64", labelled(b"base64",
                                        crlf(base64.encodebytes(armour))))
    yield by_dkim(mail("dkim", b"MIME-Version: 1.0\r\n" + text), FIELDS, STRICT)
    yield by_dkim(mail("dkim-open", b"MIME-Version: 1.0\r\n" + open_inside),
                  FIELDS + ("reply-to", "list-id", "auto-submitted", "sender"),
                  KINDLY)
    yield by_dkim(mail("dkim-utf8", "X-Word: gr\u00fc\u00dfe\r\n".encode() + high),
                  FIELDS + ("x-word",), STRICT)
    yield forwarded("forwarded", signed)


# ---- what came of them ----

def verify_cms(message):
    run("openssl", "cms", "-verify", "-binary", "-crlfeol", "-CAfile",
        "cert.pem", "-out", "/dev/null", given=message)


def verify_pgp_mime(message):
    body = message.split(b"\r\n\r\n", 1)[1]
    _, part, signature, _ = re.split(rb"(?:\A|\r\n)--s(?:--)?(?:\r\n|\Z)", body)
    with open("part", "wb") as file:
        file.write(part)
    with open("part.asc", "wb") as file:
        file.write(signature.split(b"\r\n\r\n", 1)[1])
    gpg("--verify", "part.asc", "part")


def verify_clear(message):
    text = message_from_bytes(message, policy=compat32)
    gpg("--verify", given=text.get_payload(decode=True))


def public_key(_name, **_):
    key = run("openssl", "rsa", "-in", "dkim.key", "-pubout", "-outform", "DER")
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(key)


def verify_dkim(message):
    if not dkim.verify(message, dnsfunc=public_key):
        sys.exit("dkimpy: the signature is broken")


def verify_forwarded(message):
    part = message.split(b"Content-Type: message/rfc822", 1)[1]
    attached = part.split(b"\r\n\r\n", 1)[1]
    verify_dkim(attached.split(b"\r\n--outer--", 1)[0])


def verify(message):
    case = re.search(rb"(?m)^X-Case: (\S+)\r$", message).group(1).decode()
    print(case)
    for begin, judge in (("cms", verify_cms), ("pgp", verify_pgp_mime),
                         ("clear", verify_clear), ("dkim", verify_dkim),
                         ("forwarded", verify_forwarded)):
        if case.startswith(begin):
            judge(message)
    return case


def files(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            yield file.read()


def main():
    what, folder, *rest = sys.argv[1:]
    keys()
    if what == "make":
        os.makedirs(folder)
        for number, message in enumerate(mails(), 10):
            verify(message)
            with open(f"{folder}/{number}.eml", "wb") as file:
                file.write(message)
    elif what == "mbox":
        with open(rest[0], "wb") as file:
            for message in files(folder):
                text = re.sub(rb"(?m)^(>*From )", rb">\1",
                              message.replace(b"\r\n", b"\n"))
                file.write(b"From ann Tue Nov 14 22:13:20 2023\n" + text +
                           b"\n")
    else:
        cases = [verify(crlf(message)) for message in files(folder)]
        if len(set(cases)) != int(rest[0]) or len(cases) != int(rest[0]):
            sys.exit(f"{len(cases)} mails, not {rest[0]}: {cases}")


main()
