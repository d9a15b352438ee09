"""Compares a codec with Python's: codec_judge.py CODEC, CODEC_FILTER set."""

import base64
import binascii
import email
import email.header
import email.policy
import email.utils
import os
import quopri
import random
import re
import subprocess
import sys
import unicodedata

FILTER = os.environ["CODEC_FILTER"]


def run(codec, data, piece=0):
    command = [FILTER, codec, str(piece)]
    return subprocess.run(command, input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def samples():
    """Octets of all values, and texts that are rich in what is special."""
    random.seed(1)
    letters = b"aF .=\t\r\n\r\n\xc3\xa4\x00"
    for size in range(201):
        yield random.randbytes(size)
        yield bytes(random.choice(letters) for _ in range(size))
    yield b"From me\r\n" * 30 + b"." * 75 + b"\r\n.\r\n" + b" " * 200
    yield random.randbytes(1000000)
    yield bytes(random.choice(letters) for _ in range(1000000))


def short_lines(code, most=76):
    assert not re.search(rb"[^\r]\n|\r[^\n]", code)
    for line in code.split(b"\r\n"):
        assert len(line) <= most, line


def judge_base64():
    for data in samples():
        code = run("base64", data)
        short_lines(code)
        assert base64.b64decode(code.replace(b"\r\n", b""),
                                validate=True) == data
        assert code.replace(b"\r\n", b"\n") == base64.encodebytes(data)


def as_mail(code, encoding):
    """The same octets as the body of a part, as a reader would have it."""
    text = (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" +
            code + b"\r\n--b--\r\n")
    part = email.message_from_bytes(text).get_payload()[0]
    return part.get_payload(decode=True)


def qp_lines(code):
    short_lines(code)
    for line in code.split(b"\r\n"):
        assert not line.endswith((b" ", b"\t")), line
        assert not line.startswith(b"From "), line
        assert line != b".", line


def judge_qp():
    for data in samples():
        code = run("qp", data)
        qp_lines(code)
        assert code.count(b"\r\n") - code.count(b"=\r\n") == \
            data.count(b"\r\n")
        assert quopri.decodestring(code) == data
        assert as_mail(code, b"quoted-printable") == data
        if len(data) < 1000:
            assert run("qp", data, 1) == code


def judge_qp_binary():
    for data in samples():
        code = run("qp-binary", data)
        qp_lines(code)
        assert code.count(b"\r\n") == code.count(b"=\r\n")
        assert quopri.decodestring(code) == data
        assert as_mail(code, b"quoted-printable") == data
        if len(data) < 1000:
            assert run("qp-binary", data, 1) == code


def judge_uu():
    for data in samples():
        lines = run("uu", data).split(b"\r\n")
        assert lines[0] == b"begin 644 file.bin"
        assert lines[-3:] == [b"`", b"end", b""]
        assert all(line == line.rstrip() for line in lines)
        back = b"".join(binascii.a2b_uu(line) for line in lines[1:-3])
        assert back == data


def pieces(codec, code, data):
    """What was encoded by Python is read back, however it comes."""
    for piece in 0, 77:
        assert run(codec, code, piece) == data, (codec, piece, code)


def judge_unbase64():
    random.seed(3)
    for data in samples():
        code = base64.encodebytes(data)
        pieces("unbase64", code, data)
        pieces("unbase64", code.replace(b"\n", b"\r\n"), data)
        plain = base64.b64encode(data)
        width = random.randrange(1, 200)
        lines = [plain[at:at + width] for at in range(0, len(plain), width)]
        pieces("unbase64", b"\r\n".join(lines), data)


def judge_unqp():
    for data in samples():
        text = data.replace(b"\r", b"")
        code = quopri.encodestring(text).replace(b"\n", b"\r\n")
        pieces("unqp", code, text.replace(b"\n", b"\r\n"))


def judge_unuu():
    for data in samples():
        lines = [binascii.b2a_uu(data[at:at + 45], backtick=True)
                 for at in range(0, len(data), 45)]
        code = b"begin 644 x\n" + b"".join(lines) + b"`\nend\n"
        pieces("unuu", code, data)
        pieces("unuu", b"Hello,\n\n" + code.replace(b"\n", b"\r\n"), data)


def judge_crlf():
    for data in samples():
        code = run("crlf", data)
        want = re.sub(rb"\r?\n", b"\r\n", data)
        if want and not want.endswith(b"\r\n"):
            want += b"\r\n"
        assert code == want


def judge_dot():
    for data in samples():
        text = run("crlf", data)
        code = run("dot", text, 3)
        assert code.endswith(b".\r\n")
        lines = code.split(b"\r\n")[:-2]
        assert b"." not in lines
        back = [line[1:] if line.startswith(b".") else line
                for line in lines]
        assert b"".join(line + b"\r\n" for line in back) == text


def texts():
    random.seed(2)
    yield from ["a", "plain words", "a  b", "\u00e4", "\u00e4 \u00f6",
                "a \u00e4 b \u00f6 c", "\u65e5\u672c\u8a9e" * 40,
                "\U0001f600" * 50, "=?utf-8?q?x?=", "x" * 300, " \u00e4 ",
                "na\u00efve  caf\u00e9 " * 9 + "end"]
    parts = [" ", " ", "a", "word", "longerword", "\u00e4", "\u20ac",
             "\U0001f600", "\u0416", "_", "=", "?", ".", "(", ",", "\\", "'",
             "%", "*", ";", "plain words that stay as they are"]
    for size in range(400):
        text = "".join(random.choice(parts) for _ in range(size % 60 + 1))
        yield text.strip() or "x"


def encode(codec, values):
    data = "".join(value + "\n" for value in values).encode()
    lines = run(codec, data).decode("ascii").split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(values)
    return zip(values, lines)


def fold(name, value):
    """Folded at each single space where the line would pass 76."""
    line, out = name + ":", []
    for word in re.split(r" (?! )", value):
        if len(line) + 1 + len(word) > 76 and line.strip():
            out.append(line)
            line = ""
        line += " " + word
    return "\r\n".join(out + [line])


def judge_text():
    for text, code in encode("text", list(texts())):
        parts = email.header.decode_header(code)
        assert str(email.header.make_header(parts)) == text, (text, code)
        raw = fold("Subject", code) + "\r\n\r\n"
        mail = email.message_from_string(raw, policy=email.policy.default)
        assert mail["Subject"] == text, (text, raw)
        assert not mail["Subject"].defects, raw


def judge_phrase():
    for text, code in encode("phrase", list(texts())):
        raw = fold("From", code + " <a@example.org>") + "\r\n\r\n"
        mail = email.message_from_string(raw, policy=email.policy.default)
        (address,) = mail["From"].addresses
        assert address.addr_spec == "a@example.org", (text, raw)
        assert not mail["From"].defects, raw
        if "?= =?" not in code:
            # It makes one space of several, too.
            assert address.display_name.split() == text.split(), (text, raw)
        if code.startswith('"'):
            continue
        # The parser above keeps the space between two encoded words of a
        # phrase (RFC 2047 6.2 drops it); this one does not.
        parts = email.header.decode_header(code)
        assert str(email.header.make_header(parts)) == text, (text, code)


def judge_parameter():
    for text, code in encode("parameter", list(texts())):
        for line in code.split("; "):
            assert len(line) <= 75, line
        raw = "Content-Disposition: attachment" + code + "\r\n\r\n"
        for policy in email.policy.compat32, email.policy.default:
            mail = email.message_from_string(raw, policy=policy)
            assert mail.get_filename() == text.strip(), (text, raw)
        assert not mail["Content-Disposition"].defects, raw


def judge_fallback():
    values = [chr(point) for point in range(0xa0, 0x250)] + list(texts())
    for text, code in encode("fallback", values):
        assert all(32 <= ord(c) < 127 for c in code)
        if len(text) > 1:
            continue
        plain = unicodedata.normalize("NFD", text)[0]
        if plain != text and ord(text) < 0x180:
            assert code == plain, (text, code)
        else:
            assert code, text


globals()["judge_" + sys.argv[1].replace("-", "_")]()
