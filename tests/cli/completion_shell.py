#!/usr/bin/env python3
"""completion_shell.py SHELL FOLDER LINE... - what SHELL makes of each line.

A real bash or zsh in a terminal, with the completions below FOLDER where it
looks for them.  Each line is typed; a line that ends with "*" has all that is
offered put in its place, another one a Tab behind it.  What stands in the line
then is printed."""
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time

LIMIT = 120  # seconds

BASH = r"""
PS1='ready> ' PROMPT_COMMAND=
BASH_COMPLETION_USER_DIR=%(folder)s
. /usr/share/bash-completion/bash_completion
set +o history
bind 'set bell-style none' 'set completion-query-items 0' 'set page-completions off'
bind '"\C-xa": insert-completions'
_shown() { printf '%%s\n' "$READLINE_LINE" >%(out)s.new; mv %(out)s.new %(out)s; READLINE_LINE=; }
bind -x '"\C-xp": _shown'
"""

ZSH = r"""
PS1='ready> ' RPS1=
unsetopt beep promptsp zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste
fpath=(%(folder)s/zsh $fpath)
autoload -Uz compinit; compinit -u -d %(folder)s/dump
bindkey -e
_everything() { local -a compstate_insert; _main_complete; compstate[insert]=all; }
zle -C everything complete-word _everything
bindkey '^Xa' everything
setopt no_list_ambiguous no_auto_list no_beep
_shown() { print -r -- "$BUFFER" >%(out)s.new; mv %(out)s.new %(out)s; BUFFER= }
zle -N _shown
bindkey '^Xp' _shown
"""


class Terminal:
    def __init__(self, argv, folder):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "dumb"
            os.environ["ZDOTDIR"] = folder
            os.execvp(argv[0], argv)
        self.seen = ""

    def read(self):
        if select.select([self.fd], [], [], 0.05)[0]:
            try:
                self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
            except OSError:
                sys.exit("the shell has ended: " + self.seen)

    def wait(self, done, what):
        end = time.monotonic() + LIMIT
        while not done():
            if time.monotonic() > end:
                sys.exit(f"no {what}; seen: {self.seen[-2000:]}")
            self.read()

    def type(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.fd, data):]
            self.read()


def main():
    shell, source, *lines = sys.argv[1:]
    folder = tempfile.mkdtemp(dir=os.getcwd())
    out = folder + "/out"
    words = {"folder": folder, "out": out}
    if shell == "bash":
        os.symlink(os.path.abspath(source) + "/bash", folder + "/completions")
        with open(folder + "/rc", "w") as rc:
            rc.write(BASH % words)
        argv = ["bash", "--noprofile", "--rcfile", folder + "/rc", "-i"]
    else:
        os.mkdir(folder + "/zsh")
        for name in os.listdir(source + "/zsh"):
            os.symlink(os.path.abspath(source) + "/zsh/" + name,
                       folder + "/zsh/_" + name)
        with open(folder + "/.zshrc", "w") as rc:
            rc.write(ZSH % words)
        argv = ["zsh", "-o", "no_global_rcs", "-i"]
    terminal = Terminal(argv, folder)
    terminal.wait(lambda: re.search(r"ready> ", terminal.seen), "prompt")
    for line in lines:
        if os.path.exists(out):
            os.remove(out)
        if line.endswith("*"):
            terminal.type(line[:-1] + "\x18a")
        else:
            terminal.type(line + "\t")
        terminal.type("\x18p")
        terminal.wait(lambda: os.path.exists(out), "line for " + line)
        with open(out) as file:
            print(file.read().rstrip("\n"))
    os.close(terminal.fd)
    os.waitpid(terminal.pid, 0)
    shutil.rmtree(folder)


main()
