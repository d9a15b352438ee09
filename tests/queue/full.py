"""No room, no quota, no disk: at every single call that needs one."""

import errno
import os
import shutil
import struct
import subprocess
import tempfile

from proof import Skip, proof
from stand import FULL, Mail

ERRORS = errno.ENOSPC, errno.EDQUOT, errno.EIO
# What is said of it: to try again; or that writing or making a file failed.
STATUS = {errno.ENOSPC: (75,), errno.EDQUOT: (75,), errno.EIO: (73, 74, 75)}
MOST = 400                      # calls in one run


class Disk:
    """How the shim is told, and what it tells."""

    def __init__(self, stand, number, error, stays, below=None):
        self.path = stand.path("disk.state")
        with open(self.path, "wb") as file:
            file.write(bytes(64))
        self.what = f"{errno.errorcode[error]}" + \
            (", and stays so" if stays else "")
        self.number = number
        self.env = {
            "LD_PRELOAD": FULL, "FULL_STATE": self.path,
            "FULL_BELOW": below or stand.queue, "FULL_AT": number,
            "FULL_ERRNO": error,
        }
        if stays:
            self.env["FULL_STAYS"] = 1

    def tell(self):
        with open(self.path, "rb") as file:
            calls, failed, first = struct.unpack("II56s", file.read(64))
        return calls, failed, first.rstrip(b"\0").decode()

    @property
    def struck(self):
        return self.tell()[1] > 0

    def __str__(self):
        return f"call {self.number} ({self.tell()[2]}): {self.what}"


def need_shim():
    if not os.path.exists(FULL):
        raise Skip(f"{FULL} was not built")


def disks(stand, errors=ERRORS, below=None):
    """One after the other, each failing a call later, until none fails."""
    for error in errors:
        # A disk that is broken at one call is bad enough.
        for stays in (False, True) if error != errno.EIO else (False,):
            for number in range(1, MOST):
                disk = Disk(stand, number, error, stays, below)
                yield error, disk
                if not disk.struck:
                    break
            else:
                assert False, f"still failing at call {MOST}"


def dead_letters(stand):
    path = stand.path("home", "dead.letter")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def judge_sending(stand, mail, done, error, disk):
    """Kept and said to be, or neither."""
    stand.check()
    names = stand.names("env")
    if done.status == 0:
        assert len(names) == 1, f"{disk}: exit 0, and it is gone: {done}"
        assert stand.body(names[0]) == mail.digest, f"{disk}: another text"
        return
    assert disk.struck, done
    assert done.status in STATUS[error], f"{disk}: {done}"
    assert done.err.strip(), f"{disk}: not a word"
    assert not names, f"{disk}: exit {done.status}, and it is queued"
    assert mail.name in dead_letters(stand) and \
        f"the end of {mail.name}" in dead_letters(stand), \
        f"{disk}: not in the dead letter: {done}"


def send_by_pipe(stand, mail, how, env):
    """What is read from it is gone."""
    with tempfile.NamedTemporaryFile(dir=stand.folder) as file:
        file.write(mail.text)
        file.flush()
        stand.before = ["sh", "-c", 'text=$1; shift; cat "$text" | '
                        'env $FULL "$@"', "sh", file.name]
        words = " ".join(f"{name}={value}" for name, value in env.items())
        done = stand.run(*stand.arguments(mail, how), env={"FULL": words})
        stand.before = []
    return done


def fill_while_sending(stand, how, lines, made):
    need_shim()
    if made:
        stand.put(Mail())
        shutil.copytree(stand.queue, stand.path("made"))
        for place in ("env", "msg"):
            for name in stand.names(place):
                os.unlink(stand.path("made", place, name))
    failed = runs = 0
    for error, disk in disks(stand):
        stand.clear()
        if made:
            shutil.copytree(stand.path("made"), stand.queue)
        if os.path.exists(stand.path("home", "dead.letter")):
            os.unlink(stand.path("home", "dead.letter"))
        mail = Mail(lines=lines)
        done = send_by_pipe(stand, mail, how, disk.env)
        judge_sending(stand, mail, done, error, disk)
        runs += 1
        failed += done.status != 0
    assert failed > 10, f"only {failed} of {runs} failed"
    return [f"{runs} disks, {failed} times refused"]


@proof("a disk that is full at each call: a small mail is queued")
def small(stand):
    return fill_while_sending(stand, "only", 8, True)


@proof("a disk that is full at each call: a large mail is queued")
def large(stand):
    return fill_while_sending(stand, "only", 9000, True)


@proof("a disk that is full at each call: the first mail of all")
def first(stand):
    return fill_while_sending(stand, "only", 8, False)


@proof("a disk that is full at each call: queued since no server is there")
def no_server(stand):
    return fill_while_sending(stand, "auto", 8, True)


@proof("a full home, too: 75, and the file that was read is as it was")
def nothing_anywhere(stand):
    need_shim()
    failed = 0
    for error, disk in disks(stand, (errno.ENOSPC,), stand.folder):
        stand.clear()
        mail = Mail(lines=30)
        path = stand.path("text")
        with open(path, "wb") as file:
            file.write(mail.text)
        with open(path, "rb") as text:
            done = stand.run(*stand.arguments(mail, "only"), stdin=text,
                             env=disk.env)
        stand.check()
        with open(path, "rb") as file:
            assert file.read() == mail.text
        names = stand.names("env")
        assert len(names) == (done.status == 0), f"{disk}: {done} {names}"
        assert done.status == 0 or done.status in STATUS[error], \
            f"{disk}: {done}"
        failed += done.status != 0
    assert failed > 5
    return [f"{failed} times refused"]


# ---- while the queue is run

FAULTS = "--fault", "rcpt:450:0:later", "--fault", "rcpt:550:0:never"


def full_queue(stand):
    """A mail of each fate, put aside to be run again and again."""
    mails = {
        "good": Mail(),
        "later": Mail(["later@example.org"]),
        "partly": Mail(["part-good@example.org", "part-later@example.org"]),
        "never": Mail(["never@example.org"]),
    }
    for mail in mails.values():
        stand.put(mail)
    shutil.copytree(stand.queue, stand.path("full"))
    return mails


@proof("a disk that is full at each call: the queue is run", is_long=True)
def while_flushing(stand):
    need_shim()
    mails = full_queue(stand)
    doubled = runs = 0
    with stand.sink(*FAULTS):
        for _, disk in disks(stand, (errno.ENOSPC, errno.EIO)):
            stand.clear()
            shutil.copytree(stand.path("full"), stand.queue)
            stand.mark()
            stand.flush(env=disk.env)
            stand.check()
            # A disk with room again: all of it goes on as if nothing was.
            done = stand.flush()
            assert done.status == 0, f"after {disk}: {done}"
            stand.check()
            doubled += judge_run(stand, mails, disk)
            runs += 1
    assert runs > 20, f"only {runs} runs"
    return [f"{runs} disks; {doubled} times something came twice, since that "
            "the server had it could not be written down"]


def judge_run(stand, mails, disk):
    """All are where they were to go; how much came once more."""
    counts = {name: len(stand.took(mail)) for name, mail in mails.items()}
    assert counts["later"] == counts["never"] == 0, f"after {disk}: {counts}"
    counts["notice"] = len(stand.notices())
    more = 0
    for name in "good", "partly", "notice":
        assert counts[name] >= 1, f"after {disk}: no {name}\n{stand.show()}"
        more += counts[name] - 1
    # Two that the server took were on their way together.
    assert more <= 2, f"after {disk}: {counts}"
    # That somebody was told may have been what could not be written down.
    waiting = [entry.recipients[-1]["to"]
               for entry in stand.entries().values()
               if entry.recipients[-1]["to"] != "<never@example.org>"]
    assert sorted(waiting) == ["<later@example.org>",
                               "<part-later@example.org>"], \
        f"after {disk}: {waiting}"
    for name in "good", "partly":
        stand.arrived(mails[name])          # whole
    return more


@proof("a disk that stays full: no mail is sent again and again")
def no_storm(stand):
    need_shim()
    mail = Mail(["part-good@example.org", "part-later@example.org"])
    stand.put(mail)
    with stand.sink(*FAULTS) as sink:
        for _ in range(5):
            disk = Disk(stand, 1, errno.ENOSPC, True)
            stand.flush(env=disk.env)
            stand.check()
        count = stand.arrived(mail, "part-good@example.org")
        assert count <= 1, f"{count} times in 5 runs"
        sink.faults()
        stand.drain()
    stand.expect_once([mail])


# ---- a real one

SCRIPT = r"""
set -e
mount -t tmpfs -o "mode=700,$LIMIT" small "$MAILSEND_QUEUE"
if [ -n "$FILL" ]; then
	"$@" <"$TEXT" 2>/dev/null || exit 90
fi
status=0
"$@" <"$TEXT" || status=$?
rm -rf "$COPY"
cp -a "$MAILSEND_QUEUE" "$COPY"
exit $status
"""


def namespace():
    for words in (["unshare", "--mount"],
                  ["unshare", "--mount", "--map-root-user"]):
        if shutil.which("unshare") and subprocess.run(
                [*words, "sh", "-c", "mount -t tmpfs none /mnt"],
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                check=False).returncode == 0:
            return words
    raise Skip("no mount namespaces with a tmpfs here")


@proof("a real file system that is too small, in octets and in files")
def tmpfs(stand):
    words = namespace()
    os.makedirs(stand.queue, mode=0o700)
    home = stand.queue
    refused = kept = 0
    limits = [f"size={kib}k" for kib in (4, 8, 12, 16, 24, 32, 600, 700,
                                         800, 1024)] + \
             [f"nr_inodes={count}" for count in range(2, 14)]
    for lines in (8, 9000):
        for limit in limits:
            mail = Mail(lines=lines)
            with open(stand.path("text"), "wb") as file:
                file.write(mail.text)
            stand.before = [*words, "sh", "-c", SCRIPT, "sh"]
            done = stand.run(
                *stand.arguments(mail, "only"),
                env={"LIMIT": limit, "COPY": stand.path("copy"),
                     "TEXT": stand.path("text"), "FILL": ""})
            stand.before = []
            stand.queue = stand.path("copy")
            try:
                judge_tmpfs(stand, mail, limit, done)
            finally:
                stand.queue = home
            kept += done.status == 0
            refused += done.status != 0
    assert refused > 5 and kept > 5, f"{refused} refused, {kept} kept"
    return [f"{len(limits)} sizes: {refused} refused, {kept} kept"]


def judge_tmpfs(stand, mail, limit, done):
    stand.check(rubbish=done.status == 0)
    names = stand.names("env")
    if done.status == 0:
        assert len(names) == 1, f"{limit}: exit 0 and it is gone"
        assert stand.body(names[0]) == mail.digest
    else:
        assert done.status == 75, f"{limit}: {done}"
        assert not names, f"{limit}: exit {done.status}, and it is queued"
        assert f"the end of {mail.name}" in dead_letters(stand), \
            f"{limit}: {done}"
