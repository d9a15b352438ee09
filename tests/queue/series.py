"""Series of mails: killed, stopped, starved and refused, and then resumed."""

import errno
import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import time

import stand as stands
from full import disks, need_shim
from proof import Skip, proof
from stand import until

JOIN = os.path.join(stands.B, "mailjoin")
SEED = int(os.environ.get("MAILSEND_QUEUE_SEED", "4"))
ROUNDS = int(os.environ.get("MAILSEND_SERIES_KILLS", "24"))
TO = "ops@example.org"
SIZE = 150000
WINDOW = 20     # mails that are on their way at a time, at first


class Series:
    """A file, how it is split, and what became of it."""

    def __init__(self, stand, size=SIZE, seed=SEED):
        self.stand = stand
        self.path = stand.path("file.bin")
        self.content = random.Random(seed).randbytes(size)
        with open(self.path, "wb") as file:
            file.write(self.content)

    @property
    def folder(self):
        return self.stand.path("home", ".local", "state", "mailsend",
                               "series")

    def id(self):
        """Of the one that was begun, or nothing."""
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        names = [name for name in names if re.fullmatch("[0-9a-f]{32}", name)]
        assert len(names) <= 1, names
        return names[0] if names else None

    def journal(self):
        with open(os.path.join(self.folder, self.id(), "done"), "rb") as file:
            return file.read().decode().splitlines()

    def forget(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.stand.path("kept"))
        os.mkdir(self.stand.path("kept"), 0o700)
        shutil.rmtree(self.stand.path("out"), ignore_errors=True)
        self.stand.clear()
        self.stand.mark()

    def words(self, *more, to=(TO,)):
        return ["--split", "16k", "-s", "logs", "--attach", self.path, *more,
                *to]

    def joined(self):
        """What arrived makes the file."""
        kept, out = self.stand.path("kept"), self.stand.path("out")
        shutil.rmtree(out, ignore_errors=True)
        os.mkdir(out)
        done = subprocess.run(
            [JOIN, "--output", out, kept], stdin=subprocess.DEVNULL,
            env={**self.stand.environment(),
                 "XDG_STATE_HOME": self.stand.path("joining")},
            capture_output=True, text=True, check=False)
        shutil.rmtree(self.stand.path("joining"), ignore_errors=True)
        return done

    def expect_whole(self, what, exactly=True):
        done = self.joined()
        assert done.returncode == 0, f"{what}: {done.stdout}{done.stderr}"
        names = os.listdir(self.stand.path("out"))
        assert len(names) == 1, f"{what}: {names}"
        with open(self.stand.path("out", names[0]), "rb") as file:
            data = file.read()
        assert data == self.content or not exactly, f"{what}: another file"

    def copies(self):
        """How many came more than once: each the same, and each since the
        sender was gone when it was one of those on their way."""
        ends = {each["connection"]: each
                for each in self.stand.events("end")}
        took = {}
        for each in self.stand.took():
            took.setdefault(each["id"], []).append(each)
        surplus = 0
        for id, all_of_it in took.items():
            assert len({each["digest"] for each in all_of_it}) == 1, \
                f"{id} is not the same each time"
            for each in all_of_it[:-1]:
                end = ends.get(each["connection"])
                assert end and end["how"] == "gone" and \
                    self.stand.was_on_its_way(each), \
                    f"{id} was sent once more: {end}"
                surplus += 1
        return surplus


def resume(stand, id, *more, **how):
    return stand.run("--resume", id, *more, **how)


def need_join():
    if not os.path.exists(JOIN):
        raise Skip(f"{JOIN} was not built")


# ---- kills

def kill_at(process, moment):
    """Its whole group, then; was it in time?"""
    end = time.monotonic() + moment
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.0005)
    killed = process.poll() is None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    return killed


def kill_and_resume(stand, chance, words, stdin, what):
    """Killed again and again until it is through."""
    series = Series(stand)
    series.forget()
    kills = 0
    arguments = series.words(*words)
    span = 0.25
    while True:
        id = series.id()
        if id:
            arguments = ["--resume", id]
        with open(series.path, "rb") as file, \
             open(stand.path("err"), "wb") as err:
            pipe = subprocess.Popen(["cat"], stdin=file,
                                    stdout=subprocess.PIPE) \
                if stdin and not id else None
            process = stand.start(
                *arguments, stderr=err, stdout=err,
                stdin=pipe.stdout if pipe else subprocess.DEVNULL)
            if pipe:
                pipe.stdout.close()
            killed = kill_at(process, chance.random() * span)
            if pipe:
                pipe.wait()
        until(lambda: not stand.processes(), "all to have ended")
        kills += killed
        span *= 1.1
        if not killed:
            with open(stand.path("err"), encoding="utf-8") as err:
                said = err.read()
            if process.returncode == 66 and "nothing of series" in said:
                series.forget()     # it had not begun
                arguments = series.words(*words)
                continue
            if process.returncode == 75 and "another process" in said:
                continue            # one is dying, and has the lock still
            assert process.returncode == 0, f"{what}: {said}"
            break
    return series, kills


def kills(stand, words, stdin=False):
    need_join()
    chance = random.Random(SEED)
    all_of_them = surplus = 0
    keep = stand.path("kept")
    stand.configure("queue never")
    for number in range(ROUNDS // 6 + 1):
        with stand.sink("--keep", keep, "--tarpit", "0.002"):
            series, count = kill_and_resume(
                stand, chance, words, stdin, f"round {number}")
            series.expect_whole(f"round {number}",
                                exactly="partial" not in words)
            until(lambda: all(each["connection"] in {
                end["connection"] for end in stand.events("end")}
                for each in stand.took()), "connections to end")
            surplus += series.copies()
            all_of_them += count
            id = series.id()
            done = resume(stand, id)
            assert done.status == 0 and "nothing" in done.err, done
    return [f"{all_of_them} kills, {surplus} parts came once more, each "
            "after a kill between the server's 250 and the record"]


@proof("a series is killed and resumed, again and again: a file")
def kill_file(stand):
    return kills(stand, ())


@proof("a series is killed and resumed, again and again: four connections")
def kill_four(stand):
    return kills(stand, ("--connections", "4"))


@proof("a series is killed and resumed, again and again: message/partial")
def kill_partial(stand):
    return kills(stand, ("--format", "partial"))


@proof("a series is killed and resumed, again and again: standard input")
def kill_input(stand):
    need_join()
    stand.configure("queue never")
    chance = random.Random(SEED)
    count = surplus = 0
    for number in range(ROUNDS // 6 + 1):
        with stand.sink("--keep", stand.path("kept"), "--tarpit", "0.002"):
            words = ("--connections", "4") if number % 2 else ()
            series = Series(stand)
            series.words = lambda *more: [
                "--split", "16k", "-s", "logs", "--attach", "-=in.bin", *more,
                TO]
            series.forget()
            series, one = kill_input_once(stand, chance, series, words)
            series.expect_whole(f"round {number}")
            until(lambda: all(each["connection"] in {
                end["connection"] for end in stand.events("end")}
                for each in stand.took()), "connections to end")
            surplus += series.copies()
            count += one
    return [f"{count} kills, {surplus} parts came once more"]


def kill_input_once(stand, chance, series, words):
    count, span = 0, 0.25
    while True:
        id = series.id()
        with open(series.path, "rb") as file, \
             open(stand.path("err"), "w+b") as err:
            cat = None
            if not id:
                cat = subprocess.Popen(["cat"], stdin=file,
                                       stdout=subprocess.PIPE)
            process = stand.start(
                *(["--resume", id] if id else series.words(*words)),
                stdout=err, stderr=err,
                stdin=cat.stdout if cat else subprocess.DEVNULL)
            if cat:
                cat.stdout.close()
            killed = kill_at(process, chance.random() * span)
            if cat:
                cat.wait()
            until(lambda: not stand.processes(), "all to have ended")
            err.seek(0)
            said = err.read().decode()
        count += killed
        span *= 1.1
        if killed:
            continue
        if process.returncode == 66:
            series.forget()         # it had not begun
            continue
        if process.returncode == 75 and "another process" in said:
            continue                # one is dying, and has the lock still
        assert process.returncode == 0, said
        return series, count


# ---- stopped by hand

@proof("Ctrl-C: the mail at hand goes, it is told how to go on, and so it does")
def stopped(stand):
    need_join()
    stand.configure("queue never")
    for number in signal.SIGINT, signal.SIGTERM:
        for words in (), ("--connections", "3"):
            series = Series(stand)
            series.forget()
            with stand.sink("--keep", stand.path("kept"), "--tarpit",
                            "0.02") as sink:
                process = stand.start(*series.words(*words),
                                      stderr=subprocess.PIPE, text=True)
                until(lambda: len(stand.took()) > 1, "the first parts")
                if number == signal.SIGINT:     # as a terminal does
                    os.killpg(process.pid, number)
                else:
                    process.send_signal(number)
                said = process.communicate(timeout=stands.PATIENCE)[1]
                assert process.returncode == -number, \
                    f"{process.returncode}: {said}"
                assert f"--resume {series.id()}" in said, said
                before = len(stand.took())
                assert f"{before} of " in said, f"{before}: {said}"
                assert series.joined().returncode == 1
                done = resume(stand, series.id())
                assert done.status == 0, done
                series.expect_whole("stopped")
                assert series.copies() == 0
                del sink


@proof("a second Ctrl-C ends it at once")
def stopped_twice(stand):
    stand.configure("queue never")
    series = Series(stand)
    with stand.sink("--fault", "dot:stall"):
        process = stand.start(*series.words(), stderr=subprocess.DEVNULL)
        until(lambda: series.id() and any(
            "ready" in line for line in series.journal()), "the journal")
        time.sleep(0.2)         # into the stall, mostly
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.wait(stands.PATIENCE)
        assert process.returncode == -signal.SIGINT


@proof("two that resume the same series: one of them waits for nobody")
def at_once(stand):
    stand.configure("queue never")
    series = Series(stand)
    with stand.sink("--tarpit", "0.02", "--keep", stand.path("kept")):
        first = stand.start(*series.words(), stderr=subprocess.DEVNULL)
        until(lambda: len(stand.took()) > 1, "the first parts")
        done = resume(stand, series.id())
        assert done.status == 75 and "another process" in done.err, done
        first.wait(stands.PATIENCE)
        assert first.returncode == 0
        assert series.copies() == 0


# ---- a full disk

@proof("a disk that is full at each call for the journal: nothing is lost",
       is_long=True)
def full_journal(stand):
    need_shim()
    need_join()
    stand.configure("queue never")
    failed = runs = twice = 0
    series = Series(stand, 40000)
    state = stand.path("home", ".local", "state")
    os.makedirs(state, exist_ok=True)
    for _, disk in disks(stand, (errno.ENOSPC, errno.EIO), state):
        series.forget()
        with stand.sink("--keep", stand.path("kept")):
            done = stand.run(*series.words(), env=disk.env)
            runs += 1
            failed += done.status != 0
            what = f"{disk}: {done}"
            if done.status:
                id = series.id()
                done = resume(stand, id) if id and os.path.exists(
                    os.path.join(series.folder, id, "command")) \
                    else stand.run(*series.words())
                if done.status == 66 or (done.status and not stand.took()):
                    series.forget()
                    done = stand.run(*series.words())
                assert done.status == 0, f"{what}\n{done}"
            series.expect_whole(what)
            took = len(stand.took())
            parts = len({each["id"] for each in stand.took()})
            assert took - parts <= WINDOW, f"{what}: {took} of {parts}"
            twice += took - parts
    assert failed > 8, f"only {failed} of {runs} failed"
    return [f"{runs} disks, {failed} runs failed, {twice} parts twice"]


# ---- who is refused

@proof("one of three is refused for good: no more parts for him, all for the "
       "others, 79")
def refused(stand):
    need_join()
    for words in (), ("--connections", "3"):
        series = Series(stand)
        series.forget()
        to = [TO, "bob@example.org", "carol@example.org"]
        with stand.sink("--keep", stand.path("kept"), "--fault",
                        "rcpt:550:0:bob"):
            done = stand.run(*series.words(*words, "--json", to=to))
            assert done.status == 79, done
            assert "bob@example.org" in done.err, done
            lines = [json.loads(line) for line in done.out.splitlines()]
            assert [1 for line in lines if line.get("refused")] == [1], lines
            tries = [each for each in stand.events("rcpt")
                     if "bob" in str(each)]
            most = 1 if not words else 3
            assert len(tries) <= most, f"he was tried {len(tries)} times"
            series.expect_whole("refused")
            for name in TO, "carol@example.org":
                ids = [each["id"] for each in stand.took()
                       if name in each["to"]]
                assert len(ids) == len(set(ids)) == len(lines), name
            assert any("refused <bob" in line for line in series.journal())
            count = len(stand.took())
            done = resume(stand, series.id())
            assert done.status == 0 and len(stand.took()) == count, done


@proof("all are refused, or the content: the first part is the last, and it "
       "can be resumed")
def refused_all(stand):
    need_join()
    for fault, status in (("rcpt:550:0", (67, 69)), ("dot:554:1", (65, 69, 77))):
        series = Series(stand)
        series.forget()
        with stand.sink("--keep", stand.path("kept"), "--fault",
                        fault) as sink:
            done = stand.run(*series.words(to=[TO, "bob@example.org"]))
            assert done.status in status, done
            assert f"--resume {series.id()}" in done.err, done
            assert len(stand.took()) == 0
            assert not os.path.exists(stand.path("home", "dead.letter"))
            sink.faults()
            done = resume(stand, series.id())
            assert done.status == 0, done
            series.expect_whole(fault)


@proof("one is busy and there is no queue: --resume sends to him alone")
def busy(stand):
    stand.configure("queue never")
    series = Series(stand)
    with stand.sink("--keep", stand.path("kept"), "--fault",
                    "rcpt:450:1:bob") as sink:
        done = stand.run(*series.words(to=[TO, "bob@example.org"]))
        assert done.status in (75, 79), done
        assert len(stand.took()) == 1
        sink.faults()
        done = resume(stand, series.id())
        assert done.status == 0, done
        for name in TO, "bob@example.org":
            ids = [each["id"] for each in stand.took() if name in each["to"]]
            assert len(ids) == len(set(ids)), f"{name}: {ids}"
            assert len(ids) == len({each["id"] for each in stand.took()})


@proof("a server that takes fewer connections than asked for gets all of it")
def few_connections(stand):
    need_join()
    series = Series(stand)
    with stand.sink("--keep", stand.path("kept"), "--tarpit", "0.005",
                    "--fault", "greet:421:3") as sink:
        done = stand.run(*series.words("--connections", "4"))
        del sink
        assert done.status == 0, done
        assert not stand.names("env"), "parts wait that could have gone"
        series.expect_whole("few connections")


# ---- many small ones

@proof("a batch that is killed and resumed: each once, but for those on their "
       "way")
def batch(stand):
    stand.configure("queue never")
    box = stand.path("box")
    os.mkdir(box)
    for number in range(60):
        with open(os.path.join(box, f"{number:03}.eml"), "w",
                  encoding="utf-8") as file:
            file.write(f"To: {TO}\nSubject: m{number}\n\nbody {number}\n")
    chance = random.Random(SEED)
    count, words = 0, ["--batch", box]
    series = Series(stand)
    with stand.sink("--tarpit", "0.001"):
        while True:
            process = stand.start(*words, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
            if not kill_at(process, 0.03 + chance.random() * 0.3) and \
                    process.returncode != 75:
                break
            count += 1
            until(lambda: not stand.processes(), "all to have ended")
            if series.id() and any("ready" in line
                                   for line in series.journal()):
                words = ["--resume", series.id()]
            else:
                series.forget()
        assert process.returncode == 0
        subjects = [each["subject"] for each in stand.took()]
        assert len(set(subjects)) == 60, len(set(subjects))
        assert len(subjects) <= 60 + WINDOW * count, len(subjects)
        ids = {each["id"] for each in stand.took()}
        assert len(ids) == 60, "a mail that was sent twice is two messages"
    return [f"{count} kills, {len(subjects) - 60} came once more"]


# ---- the server's size, the way, what a person sees

@proof("--split auto: no size is told, nobody is there, the understudy is")
def auto(stand):
    need_join()
    series = Series(stand)
    words = ["--split", "auto", *series.words()[2:]]
    with stand.sink("--keep", stand.path("kept")):
        done = stand.run(*words)            # SIZE 0
        assert done.status == 69 and "--split" in done.err, done
        assert not stand.took() and not series.id()
        port = stand.port
    done = stand.run(*words)
    assert done.status == 75 and not stand.names("env"), done
    server = stand.start("--serve", "127.0.0.1:0", "--set",
                         "serve_max_size=30k", "--queue", "never",
                         stderr=open(stand.path("served"), "wb"))
    try:
        def listening():
            with open(stand.path("served"), encoding="utf-8") as file:
                return re.search(r"listening on .*:(\d+)\n", file.read())
        there = until(listening, "a server")[1]
        stand.configure("fallback second", more="account second\n"
                        f"host 127.0.0.1\nport {there}\ntls off\nauth off\n"
                        "from me@example.org\n")
        user = os.environ.get("USER") or "root"
        with stand.sink("--keep", stand.path("kept")) as sink:
            sink.faults("greet:421:0")
            done = stand.run("--dry-run", *words)
            assert done.status == 0 and "30720 octets" in done.out, done
        del port, user
    finally:
        server.terminate()
        server.wait()


@proof("so many connections as were asked for, and one otherwise")
def connections(stand):
    for words, most in ((), 1), (("--connections", "4"), 4):
        series = Series(stand)
        series.forget()
        with stand.sink("--tarpit", "0.003"):
            assert stand.run(*series.words(*words)).status == 0
            until(lambda: len(stand.events("end")) == most, "the ends")
            used = {each["connection"] for each in stand.took()}
            assert len(used) == most, used


@proof("a terminal sees how far the whole set is, once a second has gone by")
def progress(stand):
    series = Series(stand)
    ours, theirs = pty.openpty()
    said = b""
    with stand.sink("--tarpit", "0.03"):
        process = stand.start(*series.words(), stderr=theirs)
        os.close(theirs)
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:         # the other end is closed
                break
            if not data:
                break
            said += data
        assert process.wait(stands.PATIENCE) == 0, said
    os.close(ours)
    said = said.decode()
    shown = re.findall(r"sending: ([\d.]+) kB of (\d+) kB", said)
    assert len(shown) > 2, said
    so_far = [float(each[0]) for each in shown]
    assert so_far == sorted(so_far) and \
        len({each[1] for each in shown}) == 1, shown
    assert f"--resume {series.id()}" in said, said
