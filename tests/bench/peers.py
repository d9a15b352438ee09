"""The programs that are measured, and how each is called to send the same.

A method makes the command for one task of a job (see measures.Job) and returns
it with the file that it reads, or None where the program cannot do that.  It
may write into job.folder, the program's own home.  Each has what a careful user
would give it: a configuration file where it wants one, the authority that the
certificate is verified with, the log-in.

	text      one mail of job.text or job.message to job.people
	attach    the same with job.file attached
	many      each of job.messages
	parts     job.file in several mails
	start     nothing but --help
	enqueue   job.message into a queue of its own; fill: each of job.messages
	flush     all that is queued, once
	serve     a server that is asked by knock, and the port
"""

import glob
import os
import shlex
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
B = os.path.abspath(os.environ.get("B", "build"))
# In the world of tests/server/run /etc and /var are ours to write.
IS_PRIVATE = "MAIL_SPOOL" in os.environ


def write(folder, name, text, mode=0o600):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def script(job, name, commands):
    """A command that runs others, each with its file, one after the other."""
    lines = ["set -e"]
    for argv, source in commands:
        lines.append(shlex.join(argv) + " <" + shlex.quote(source or
                                                           "/dev/null"))
    return ["sh", write(job.folder, name, "\n".join(lines) + "\n")], None


def piped(job, argv):
    """A command with the file on its standard input, by a pipe."""
    file = shlex.quote(job.file)
    return ["sh", "-c", f"cat {file} | {shlex.join(argv)}"], None


class Peer:
    name = ""                   # in tables
    short = ""                  # in the chart; those without are not in it
    program = ""                # what must be there
    version_words = ("--version",)
    help_words = ("--help",)
    is_reference = False

    def is_there(self):
        return shutil.which(self.program) is not None

    def version(self):
        done = subprocess.run([self.program, *self.version_words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        lines = done.stdout.decode(errors="replace").strip().splitlines()
        return lines[0].strip() if lines else "?"

    def text(self, job):
        return None

    def attach(self, job):
        return None

    def pipe(self, job):
        return None

    def parts(self, job):
        return None

    def enqueue(self, job):
        return None

    def flush(self, job):
        return None

    def serve(self, job):
        return None

    def start(self, job):
        if not self.help_words:
            return None
        return [self.program, *self.help_words], None

    def many(self, job):
        """A command for each mail, where one can send no more."""
        commands = []
        for message, text in job.messages:
            one = job.with_message(message, text)
            call = self.text(one)
            if call is None:
                return None
            commands.append(call)
        return script(job, "many", commands)


class Mailsend(Peer):
    name = "mailsend"
    short = "mailsend"
    program = os.path.join(B, "mailsend")

    def config(self, job, *more):
        lines = ["account default", f"host {job.host}", f"port {job.port}",
                 "from me@example.org", *more]
        if job.tls:
            lines += ["tls on", "auth on", f"user {job.user}",
                      f"password {job.secret}", f"tls_trust_file {job.ca}"]
        else:
            lines += ["tls off", "auth off"]
        return write(job.folder, "config", "\n".join(lines) + "\n")

    def command(self, job, *words):
        return [self.program, "--config", self.config(job, "queue never"),
                *words]

    def text(self, job):
        return self.command(job, "-s", "x", *job.people), job.text

    def attach(self, job):
        return self.command(job, "-s", "x", "-a", job.file,
                            *job.people), job.text

    def pipe(self, job):
        return piped(job, self.command(job, "-s", "x", "-i", job.text,
                                       "-a", "-=file.bin", *job.people))

    def many(self, job):
        return self.command(job, "--batch",
                            os.path.dirname(job.messages[0][0])), None

    def parts(self, job):
        return self.command(job, "-s", "x", "-a", job.file, "--split",
                            job.split, *job.people), job.text

    def queue(self, job):
        return os.path.join(job.folder, "queue")

    def enqueue(self, job):
        return [self.program, "--config", self.config(job), "--queue=only",
                "-s", "x", *job.people], job.text

    def fill(self, job):
        return [self.program, "--config", self.config(job), "--queue=only",
                "--batch", os.path.dirname(job.messages[0][0])], None

    def waiting(self, job):
        return len(glob.glob(os.path.join(self.queue(job), "env", "*")))

    def flush(self, job):
        return [self.program, "--config", self.config(job), "--flush"], None

    def serve(self, job):
        port = job.spare_port
        return [self.program, "--config", self.config(job, "queue only"),
                "--serve", f"127.0.0.1:{port}"], port


class Sockets(Peer):
    """C and sockets, as little as can be: the reference of the CPU."""
    name = "plain sockets"
    short = "plain sockets"
    program = os.path.join(B, "bench", "sockets")
    help_words = ()
    is_reference = True

    def version(self):
        return "tests/bench/sockets.c"

    def send(self, job, file):
        return [self.program, str(job.port), job.message_crlf, file,
                *((job.ca, job.user, job.secret) if job.tls else ())], None

    def text(self, job):
        return self.send(job, "") if len(job.people) == 1 else None

    def attach(self, job):
        return self.send(job, job.file)


class Curl(Peer):
    name = "curl"
    short = "curl"
    program = "curl"

    def way(self, job):
        secure = ["--ssl-reqd", "--cacert", job.ca, "--user",
                  f"{job.user}:{job.secret}"] if job.tls else []
        return [*secure, "--mail-from", "me@example.org",
                *(word for one in job.people for word in ("--mail-rcpt", one))]

    def url(self, job):
        return f"smtp://{job.host}:{job.port}/localhost"

    def text(self, job):
        return [self.program, "-s", *self.way(job), "-T", job.message,
                "--crlf", self.url(job)], None

    def form(self, job, file):
        return [self.program, "-s", *self.way(job), "-H", "Subject: x",
                "-F", f"=<{job.text};type=text/plain",
                "-F", f"=@{file};type=application/octet-stream;"
                "encoder=base64", self.url(job)]

    def attach(self, job):
        return self.form(job, job.file), None

    def pipe(self, job):
        return piped(job, self.form(job, "-"))

    def many(self, job):
        words = []
        for message, _ in job.messages:
            words += ["--next", "-s", *self.way(job), "-T", message, "--crlf",
                      self.url(job)]
        return [self.program, *words[1:]], None


class Msmtp(Peer):
    name = "msmtp"
    short = "msmtp"
    program = "msmtp"

    def command(self, job):
        lines = ["account default", f"host {job.host}", f"port {job.port}",
                 "from me@example.org"]
        if job.tls:
            lines += ["tls on", f"tls_trust_file {job.ca}", "auth plain",
                      f"user {job.user}", f"password {job.secret}"]
        rc = write(job.folder, "msmtprc", "\n".join(lines) + "\n")
        return [self.program, "-C", rc, *job.people]

    def text(self, job):
        return self.command(job), job.message


class Mpack(Msmtp):
    """It composes into files, which msmtp sends."""
    name = "mpack + msmtp"
    short = "mpack"

    def is_there(self):
        return bool(shutil.which("mpack") and shutil.which("msmtp"))

    def version(self):
        done = subprocess.run(["mpack"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        return done.stdout.decode().splitlines()[1]

    def text(self, job):
        return None

    def start(self, job):
        return None

    def attach(self, job):
        made = os.path.join(job.folder, "made")
        return script(job, "one", [
            (["rm", "-f", made], None),
            (["mpack", "-s", "x", "-d", job.text, "-o", made, job.file],
             None),
            (self.command(job), made)])

    def parts(self, job):
        made = os.path.join(job.folder, "made")
        send = shlex.join(self.command(job))
        pack = shlex.join(["mpack", "-s", "x", "-m", job.split, "-o",
                           made, job.file])
        return ["sh", write(job.folder, "parts",
                            f"set -e\nrm -f {made}*\n{pack}\n"
                            f"for n in {made}*; do {send} <$n; done\n")], None


class SNail(Peer):
    name = "s-nail"
    short = "s-nail"
    program = "s-nail"
    version_words = ("-V",)
    help_words = ("-h",)

    def command(self, job, *words):
        login, more = "", ["-S", "smtp-auth=none"]
        if job.tls:
            login = f"{job.user}:{job.secret}@"
            more = ["-S", "smtp-auth=plain", "-S", "smtp-use-starttls",
                    "-S", f"tls-ca-file={job.ca}", "-S", "tls-verify=strict"]
        return [self.program, "-:/", "-S", "v15-compat",
                "-S", f"mta=smtp://{login}{job.host}:{job.port}",
                "-S", "from=me@example.org", *more, "-s", "x", *words,
                *job.people]

    def text(self, job):
        return self.command(job), job.text

    def attach(self, job):
        return self.command(job, "-a", job.file), job.text


class Mutt(Peer):
    name = "mutt"
    short = "mutt"
    program = "mutt"
    version_words = ("-v",)
    help_words = ("-h",)

    def command(self, job, *words):
        login = f"{job.user}:{job.secret}@" if job.tls else ""
        rc = write(job.folder, "muttrc", (
            f'set smtp_url="smtp://{login}{job.host}:{job.port}/"\n'
            "set from=me@example.org use_from=yes copy=no\n"
            "set hostname=localhost\n") + (
                "set ssl_starttls=yes ssl_force_tls=yes ssl_verify_host=yes\n"
                "set smtp_authenticators=plain\n"
                f"set certificate_file={job.ca} "
                f"ssl_ca_certificates_file={job.ca}\n" if job.tls else
                "set ssl_starttls=no ssl_force_tls=no\n"))
        return [self.program, "-n", "-F", rc, "-s", "x", *words]

    def text(self, job):
        return self.command(job, "--", *job.people), job.text

    def attach(self, job):
        return self.command(job, "-a", job.file, "--", *job.people), job.text


class Mailutils(Peer):
    name = "mailutils mail"
    short = "mailutils"
    program = "mail.mailutils"

    def command(self, job, *words):
        login = f"{job.user}:{job.secret}@" if job.tls else ""
        url = f"smtp://{login}{job.host}:{job.port}" + (
            "" if job.tls else ";notls")
        return [self.program, "--norc", "--no-site-config", "--no-user-config",
                *(("--set", f"tls.ssl-ca-file={job.ca}") if job.tls else ()),
                "-E", f'set sendmail="{url}"',
                "-r", "me@example.org", "-s", "x", *words, *job.people]

    def text(self, job):
        return self.command(job), job.text

    def attach(self, job):
        return self.command(job, "-A", job.file), job.text


class Swaks(Peer):
    name = "swaks"
    short = "swaks"
    program = "swaks"

    def command(self, job, *words):
        secure = ["--tls", "--tls-verify", "--tls-ca-path", job.ca,
                  "--auth", "PLAIN", "--auth-user", job.user,
                  "--auth-password", job.secret] if job.tls else []
        return [self.program, "--silent", "3", "--server", job.host, "--port",
                str(job.port), *secure, "--from", "me@example.org", "--to",
                ",".join(job.people), *words]

    def start(self, job):
        return [self.program, "--version"], None

    def text(self, job):
        return self.command(job, "--data", "@" + job.message), None

    def attach(self, job):
        return self.command(job, "--body", "@" + job.text, "--attach",
                            "@" + job.file), None


class Smtplib(Peer):
    """What a script does with Python's email and smtplib."""
    name = "Python smtplib"
    short = "Python"
    # Not a wrapper of it, which costs more than the mail.
    program = shutil.which("python3", path="/usr/bin:/bin") or "python3"
    help_words = ()

    def command(self, job, *words):
        secure = [job.ca, job.user, job.secret] if job.tls else ["", "", ""]
        return [self.program, os.path.join(HERE, "by_smtplib"), job.host,
                str(job.port), *secure, ",".join(job.people), *words], None

    def text(self, job):
        return self.command(job, "", job.message)

    def attach(self, job):
        return self.command(job, job.file, job.message)

    def many(self, job):
        return self.command(job, "", *(one for one, _ in job.messages))


class Nullmailer(Peer):
    name = "nullmailer"
    short = "nullmailer"
    program = "nullmailer-inject"
    help_words = ()

    def is_there(self):
        return IS_PRIVATE and super().is_there()

    def version(self):
        return package_version("nullmailer")

    def prepare(self, job):
        write("/etc/nullmailer", "remotes",
              f"{job.host} smtp --port={job.port}\n", 0o644)
        write("/etc/nullmailer", "pausetime", "0\n", 0o644)
        write("/etc/nullmailer", "me", "localhost\n", 0o644)
        for name in "queue", "tmp", "failed":
            os.makedirs(f"/var/spool/nullmailer/{name}", exist_ok=True)
            shutil.chown(f"/var/spool/nullmailer/{name}", "mail")
        # What the package's installation would have done.
        shutil.chown("/usr/sbin/nullmailer-queue", "mail")
        os.chmod("/usr/sbin/nullmailer-queue", 0o4755)
        if not os.path.exists("/var/spool/nullmailer/trigger"):
            os.mkfifo("/var/spool/nullmailer/trigger", 0o600)
            shutil.chown("/var/spool/nullmailer/trigger", "mail")

    def queue(self, job):
        return "/var/spool/nullmailer"

    def enqueue(self, job):
        self.prepare(job)
        return ["nullmailer-inject", "-a", "-f", "me@example.org",
                *job.people], job.message

    def fill(self, job):
        return script(job, "fill", [self.enqueue(job.with_message(*both))
                                    for both in job.messages])

    def waiting(self, job):
        return len(os.listdir("/var/spool/nullmailer/queue"))

    def flush(self, job):
        self.prepare(job)
        return ["nullmailer-send"], None


class Dma(Peer):
    name = "dma"
    short = "dma"
    program = "dma"
    help_words = ()

    def is_there(self):
        return IS_PRIVATE and super().is_there()

    def version(self):
        return package_version("dma")

    def prepare(self, job):
        write("/etc/dma", "dma.conf",
              f"SMARTHOST {job.host}\nPORT {job.port}\nDEFER\n"
              "MAILNAME localhost\n", 0o644)
        os.makedirs("/var/spool/dma", exist_ok=True)
        for path in "/var/spool/dma", shutil.which("dma"):
            shutil.chown(path, "root", "mail")
            os.chmod(path, 0o2775)

    def queue(self, job):
        return "/var/spool/dma"

    def enqueue(self, job):
        self.prepare(job)
        return ["dma", "-f", "me@example.org", *job.people], job.message

    def fill(self, job):
        return script(job, "fill", [self.enqueue(job.with_message(*both))
                                    for both in job.messages])

    def waiting(self, job):
        return len(glob.glob("/var/spool/dma/Q*"))

    def flush(self, job):
        self.prepare(job)
        return ["dma", "-q"], None


class Postfix(Peer):
    """That of tests/server, which takes the mail away at once."""
    name = "Postfix"
    short = "Postfix"
    program = "postconf"
    help_words = ()

    def is_there(self):
        return IS_PRIVATE and super().is_there()

    def version(self):
        return package_version("postfix")

    def inbox(self):
        return os.path.join(os.environ["MAIL_SPOOL"], "bob")

    def queue(self, job):
        return self.inbox()

    def enqueue(self, job):
        return ["/usr/sbin/sendmail", "-f", "me@example.org",
                "bob@example.test"], job.message

    def waiting(self, job):
        return len(glob.glob(self.inbox() + "/new/*"))

    def serve(self, job):
        return ["sleep", "infinity"], int(os.environ["MAIL_PORT_MX"])


class Sink(Peer):
    """Our own server of the measuring, a fork for each connection."""
    name = "sink"
    program = os.path.join(B, "bench", "sink")
    help_words = ()
    is_reference = True

    def version(self):
        return "tests/bench/sink.c"

    def serve(self, job):
        return [self.program, "--port", str(job.spare_port)], job.spare_port


def package_version(name):
    """Of a package that is unpacked and not installed."""
    done = subprocess.run(["apt-cache", "policy", name], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False)
    for line in done.stdout.splitlines():
        if line.strip().startswith("Candidate:"):
            return f"{name} {line.split()[1]}"
    return name


PEERS = [Mailsend(), Sockets(), Curl(), Msmtp(), Mpack(), SNail(), Mutt(),
         Mailutils(), Swaks(), Smtplib(), Nullmailer(), Dma(), Postfix(),
         Sink()]
