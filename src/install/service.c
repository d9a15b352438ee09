/* service.c - --setup-service: one service with the password for a whole
 * machine, and clients without it.
 *
 * The order keeps mail working wherever this ends: the secrets, the service's
 * configuration, its units, the service itself, a test mail through it by an
 * unprivileged user, and last /etc/mailsend.conf, whose previous text is kept.
 * Running it again continues.  Removal is in reverse order. */
#include "install/install.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"
#include "base/identity.h"
#include "base/sysenv.h"
#include "install/shared.h"

#define MARK	    "# Made by mailsend --setup-service; =remove takes it away.\n"
#define HOUSE	    "/etc/mailsend"
#define CONF	    HOUSE "/service.conf"
#define UNDO	    HOUSE "/undo" /* previous files, and the list of ours */
#define CLIENT	    "/etc/mailsend.conf"
#define UNITS	    "/etc/systemd/system"
#define SOCKET_UNIT "mailsend-submit.socket"
#define SOCKET	    "/run/mailsend/submit"
#define STATE	    "/var/lib/mailsend"
#define QUEUE	    STATE "/queue"
#define NOBODY	    "nobody"
/* as in contrib/ */
#define SECRET_LINE                                                            \
	"LoadCredential=password:/etc/mailsend/credentials/password\n"
#define COMMAND SETUP_PROGRAM " --serve"

#define WORDS_MAX 4096

struct service {
	struct steps steps;
	const struct request *request;
	const char *program;
	const char *client;   /* CLIENT, or the target of that link */
	bool is_again;	      /* its configuration exists and is kept */
	bool is_running;      /* systemd is */
	struct shared shared; /* if its configuration is new */
	const char *lines;    /* the credentials, in */
	struct steps_file units[2], conf;
};

static const char *const reload[] = { "daemon-reload", NULL };

/* ---- files ---- */

static int read_lines(struct service *s)
{
	struct buf unit = BUF_INIT(STEPS_TEXT_MAX);
	const char *path = UNITS "/" SHARED_UNIT;
	struct error trouble = ERROR_INIT;

	if (disk_read_file(path, &unit, true, &trouble) < 0) {
		buf_free(&unit);
		return error_set(s->steps.f, ERROR_CONFIG,
				 "%s exists, but its unit %s does not: run "
				 "`mailsend --setup-service=remove`, then set "
				 "it up again",
				 CONF, path);
	}
	s->lines = shared_secret_lines(s->steps.arena, unit.data);
	buf_free(&unit);
	return 0;
}

static const char *service_unit(struct service *s)
{
	struct arena *a = s->steps.arena;
	const char *command =
		arena_format(a, "%s --serve", steps_quote_unit(a, s->program));
	const char *text = arena_format(
		a, MARK "%s",
		install_file_systemd_system_mailsend_submit_service);

	text = steps_replace(a, text, COMMAND, command);
	return steps_replace(a, text, SECRET_LINE, s->lines);
}

static void find_units(struct service *s)
{
	struct steps *steps = &s->steps;

	s->units[0] = (struct steps_file){
		.path = UNITS "/" SOCKET_UNIT,
		.text = arena_format(
			steps->arena, MARK "%s",
			install_file_systemd_system_mailsend_submit_socket),
	};
	s->units[1] = (struct steps_file){
		.path = UNITS "/" SHARED_UNIT,
		.text = service_unit(s),
	};
	for (size_t i = 0; i < 2; i++) {
		struct steps_file *u = &s->units[i];

		u->mode = 0644;
		u->found = steps_find(steps, u->path, u->text);
	}
}

/* For =remove, which must know whether it was changed. */
static int note_conf(struct service *s)
{
	const struct steps_file copy = { .path = UNDO "/service.conf",
					 .text = s->conf.text,
					 .mode = 0600,
					 .found = STEPS_OURS };

	return s->steps.is_shown ? 0 : steps_write(&s->steps, &copy);
}

static int write_conf(struct service *s)
{
	if (s->is_again)
		return steps_say(&s->steps, "%s exists already\n", CONF);
	s->conf = (struct steps_file){
		.path = CONF,
		.text = arena_format(s->steps.arena,
				     MARK "# After a change: systemctl restart "
					  "mailsend-submit\n%s",
				     s->shared.conf),
		.mode = 0600,
		.found = STEPS_OURS,
	};
	return note_conf(s) < 0 ? -1 : steps_write(&s->steps, &s->conf);
}

/* ---- clients ---- */

/* The previous file keeps its owner, mode and time. */
static int back_up(struct service *s)
{
	const char *path = UNDO "/mailsend.conf";

	if (s->steps.is_shown)
		return steps_say(&s->steps, "would keep %s as %s\n", CLIENT,
				 path);
	if (disk_make_directory(UNDO, s->steps.f) < 0)
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(s->steps.f, ERROR_CANTCREAT, errno,
				   "cannot replace %s", path);
	if (link(s->client, path) < 0)
		return error_errno(s->steps.f, ERROR_CANTCREAT, errno,
				   "cannot keep %s as %s", CLIENT, path);
	return steps_say(&s->steps, "kept %s as %s\n", CLIENT, path);
}

static int write_client(struct service *s)
{
	struct steps_file file = {
		.path = s->client,
		.text = arena_format(s->steps.arena,
				     MARK
				     "# No secret in it: everyone may "
				     "read it.\naccount default\nsocket " SOCKET
				     "\n%s",
				     s->shared.client),
		.mode = 0644,
	};

	file.found = steps_find(&s->steps, file.path, file.text);
	if (file.found == STEPS_OURS)
		return steps_say(&s->steps, "%s exists already\n", CLIENT);
	if (file.found == STEPS_FOREIGN && back_up(s) < 0)
		return -1;
	return steps_write(&s->steps, &file);
}

/* ---- a mail of somebody who has no rights ---- */

static const char *recipient_of(const struct service *s)
{
	const struct request *r = s->request;

	return r->to.count ? r->to.items[0].spec : s->shared.address;
}

/* The queue is another user's, which queue_open would refuse. */
static size_t count_mails(const char *part)
{
	struct error unused = ERROR_INIT;
	struct directory d;
	size_t count = 0;

	if (directory_open(&d, part, &unused) > 0)
		while (directory_next(&d, &unused))
			count++;
	directory_close(&d);
	return count;
}

static int run_trial(struct service *s, const char *to, struct buf *errors,
		     int *status)
{
	static const char socket[] = "socket=" SOCKET;
	const char *const argv[] = { s->program,  "--config",
				     "/dev/null", "--set",
				     socket,	  "--queue=never",
				     "--set",	  "dead_letter=off",
				     "--timeout", "60",
				     "--subject", "mailsend: the service works",
				     to,	  NULL };
	struct buf text = BUF_INIT(WORDS_MAX);
	struct identity nobody = { .name = NOBODY };
	struct passwd_row row;
	int r;

	if (!passwd_by_name(s->steps.arena, NOBODY, &row))
		return error_set(s->steps.f, ERROR_OS,
				 "there is no user " NOBODY
				 " who could try it");
	nobody.uid = row.uid;
	nobody.gid = row.gid;
	buf_printf(&text,
		   "This mail was sent by the user " NOBODY " of %s, through "
		   "the service\nthat `mailsend --setup-service` has "
		   "started.\n",
		   sysenv_host());
	r = steps_run_as(&nobody, argv, 0, &text, NULL, errors, status,
			 s->steps.f);
	buf_free(&text);
	return r;
}

static int try_it(struct service *s)
{
	const char *to = recipient_of(s);
	struct buf errors = BUF_INIT(WORDS_MAX);
	size_t before;
	int status = 0, r;

	if (s->steps.is_shown)
		return steps_say(&s->steps,
				 "would send a mail to %s as the user " NOBODY
				 "\n",
				 to);
	before = count_mails(QUEUE "/env");
	r = run_trial(s, to, &errors, &status);
	if (r == 0 && status)
		r = error_set(
			s->steps.f, ERROR_UNAVAILABLE,
			"the service does not send: a mail of the user " NOBODY
			" to %s failed: %.*s; %s is unchanged; see journalctl "
			"-u mailsend-submit, then run this again, or undo it "
			"with =remove",
			to, (int)strcspn(errors.data, "\n"), errors.data,
			CLIENT);
	buf_free(&errors);
	if (r < 0)
		return -1;
	if (count_mails(QUEUE "/env") > before)
		return steps_say(&s->steps,
				 "a mail of the user " NOBODY
				 " to %s was accepted and is queued: "
				 "journalctl -u mailsend-submit has the "
				 "reason\n",
				 to);
	return steps_say(&s->steps,
			 "a mail of the user " NOBODY " to %s was sent\n", to);
}

/* ---- there ---- */

static int start(struct service *s)
{
	static const char *const enable[] = { "enable", SOCKET_UNIT,
					      SHARED_UNIT, NULL };
	/* a running one has the credentials of its start */
	static const char *const restart[] = { "restart", SOCKET_UNIT,
					       SHARED_UNIT, NULL };

	return steps_systemctl(&s->steps, reload) < 0 ||
			       steps_systemctl(&s->steps, enable) < 0 ||
			       steps_systemctl(&s->steps, restart) < 0
		       ? -1
		       : 0;
}

static int tell_end(struct service *s)
{
	const char *source = s->shared.source;

	if (!s->is_again && strcmp(source, CLIENT) != 0 &&
	    steps_say(&s->steps,
		      "%s is unchanged, with its secret: who can read it sends "
		      "by it as before\n",
		      source) < 0)
		return -1;
	return steps_say(
		&s->steps,
		"All users may send, as themselves; serve_allow, serve_from, "
		"serve_rate\nand serve_quota in " CONF " set limits.  For one "
		"group alone:\nsystemctl edit " SOCKET_UNIT ", with "
		"SocketMode=0660 and SocketGroup=NAME.\n");
}

/* Did an earlier run finish?  If not, the account is read again. */
static bool is_complete(struct service *s)
{
	return steps_find(&s->steps, s->client, "") == STEPS_OURS;
}

/* Was a file of ours changed by hand? */
static bool is_changed(struct service *s)
{
	struct buf made = BUF_INIT(STEPS_TEXT_MAX);
	struct error unused = ERROR_INIT;
	bool result = true;

	if (disk_read_file(UNDO "/service.conf", &made, true, &unused) == 0)
		result = steps_find(&s->steps, CONF, made.data) != STEPS_SAME;
	buf_free(&made);
	return result;
}

/* Checks before anything is asked or written. */
static int look(struct service *s)
{
	const char *const paths[] = { CONF, UNITS "/" SOCKET_UNIT,
				      UNITS "/" SHARED_UNIT };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const struct steps_file there = {
			.path = paths[i],
			.found = steps_find(&s->steps, paths[i], "")
		};

		if (steps_refuse_foreign(&s->steps, &there) < 0)
			return -1;
		if (i == 0 && there.found != STEPS_MISSING)
			s->is_again = is_complete(s) || is_changed(s);
	}
	return 0;
}

/* Finds the files of an earlier run. */
static int read_account(struct service *s)
{
	struct request *r = request_copy(s->steps.arena, s->request);

	if (s->is_again) {
		r->config_path = CONF;
		r->account = NULL;
	}
	if (shared_make(&s->shared, s->steps.arena, r,
			s->steps.is_shown || s->is_again, s->steps.f) < 0)
		return -1;
	if (recipient_of(s))
		return 0;
	return error_set(s->steps.f, ERROR_USAGE,
			 "account %s has no address: give one for the test "
			 "mail, as in mailsend --setup-service you@example.org",
			 s->shared.account);
}

static int install(struct service *s)
{
	if (look(s) < 0)
		return -1;
	if (read_account(s) < 0 || (s->is_again && read_lines(s) < 0))
		return -1;
	if (!s->is_again &&
	    shared_write_secrets(&s->steps, &s->shared, &s->lines) < 0)
		return -1;
	find_units(s);
	for (size_t i = 0; i < 2; i++)
		if (steps_write(&s->steps, &s->units[i]) < 0)
			return -1;
	return write_conf(s) < 0 || start(s) < 0 || try_it(s) < 0 ||
			       write_client(s) < 0
		       ? -1
		       : tell_end(s);
}

/* ---- and back ---- */

/* A file that was replaced meanwhile is kept, with the previous one beside it.
 */
static int restore_client(struct service *s)
{
	const struct steps_file file = {
		.path = s->client,
		.found = steps_find(&s->steps, s->client, ""),
	};

	if (file.found == STEPS_FOREIGN)
		return steps_say(&s->steps,
				 "left %s, which was not created by "
				 "mailsend\n",
				 CLIENT);
	if (rename(UNDO "/mailsend.conf", s->client) == 0)
		return steps_say(&s->steps, "%s is what it was before\n",
				 CLIENT);
	if (errno != ENOENT)
		return error_errno(s->steps.f, ERROR_CANTCREAT, errno,
				   "cannot restore %s", CLIENT);
	return steps_delete(&s->steps, &file);
}

/* A file that was changed by hand is kept. */
static int delete_conf(struct service *s)
{
	const char *copy = UNDO "/service.conf";
	struct steps_file file = { .path = CONF };
	int r;

	file.found = steps_find(&s->steps, CONF, "");
	if (file.found != STEPS_OURS || !is_changed(s))
		r = steps_delete(&s->steps, &file);
	else if (rename(CONF, CONF ".old") < 0)
		r = error_errno(s->steps.f, ERROR_CANTCREAT, errno,
				"cannot rename %s", CONF);
	else
		r = steps_say(&s->steps, "%s was changed since: it is now %s\n",
			      CONF, CONF ".old");
	if (r == 0 && unlink(copy) < 0 && errno != ENOENT)
		r = error_errno(s->steps.f, ERROR_CANTCREAT, errno,
				"cannot remove %s", copy);
	return r;
}

static int delete_one(const char *path, const struct stat *st, int kind,
		      struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

/* Its user is gone, and only root can access it. */
static int delete_state(struct service *s)
{
	char *path = realpath(STATE, NULL);
	int r = 0;

	if (!path)
		return 0;
	if (nftw(path, delete_one, 16, FTW_DEPTH | FTW_PHYS) < 0 ||
	    (unlink(STATE) < 0 && errno != ENOENT))
		r = error_errno(s->steps.f, ERROR_CANTCREAT, errno,
				"cannot remove " STATE);
	free(path);
	return r < 0 ? -1 : steps_say(&s->steps, "removed " STATE "\n");
}

/* Mails are kept, failed ones too, and so are tokens. */
static int clear_state(struct service *s)
{
	struct error unused = ERROR_INIT;
	size_t waiting = count_mails(QUEUE "/env");

	if (waiting)
		return steps_say(&s->steps,
				 "%zu mails wait in " QUEUE
				 " and are kept: they go when the service is "
				 "set up again\n",
				 waiting);
	if (count_mails(QUEUE "/failed") || count_mails(QUEUE "/bad") ||
	    disk_exists(STATE "/dead.letter", &unused) != 0)
		return steps_say(&s->steps,
				 "left " STATE
				 ", which has mails that could not be sent\n");
	if (disk_exists(STATE "/oauth", &unused) != 0)
		return steps_say(&s->steps,
				 "left " STATE ", which has tokens\n");
	return delete_state(s);
}

static int stop(struct service *s)
{
	static const char *const disable[] = { "disable", "--now", SOCKET_UNIT,
					       SHARED_UNIT, NULL };
	bool is_ours = false;

	s->lines = "";
	find_units(s);
	for (size_t i = 0; i < 2; i++)
		is_ours |= s->units[i].found == STEPS_OURS ||
			   s->units[i].found == STEPS_SAME;
	if (!is_ours)
		return 0;
	if (s->is_running && steps_systemctl(&s->steps, disable) < 0)
		return -1;
	if (clear_state(s) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++)
		if (steps_delete(&s->steps, &s->units[i]) < 0)
			return -1;
	return s->is_running ? steps_systemctl(&s->steps, reload) : 0;
}

static int uninstall(struct service *s)
{
	static const char *const places[] = { SECRETS, UNDO, HOUSE,
					      "/run/mailsend" };

	/* clients first: they can send at any time */
	if (restore_client(s) < 0 || stop(s) < 0 ||
	    shared_delete_secrets(&s->steps) < 0 || delete_conf(s) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (rmdir(places[i]) < 0 && errno != ENOENT &&
		    errno != ENOTEMPTY && errno != EEXIST)
			return error_errno(s->steps.f, ERROR_CANTCREAT, errno,
					   "cannot remove %s", places[i]);
	return 0;
}

/* ---- all of it ---- */

static int begin(struct service *s)
{
	char *path;

	if (sysenv_uid() != 0)
		return error_set(s->steps.f, ERROR_PERMISSION,
				 "only root can do this: sudo mailsend "
				 "--setup-service");
	s->program = sysenv_program();
	if (!s->program || strpbrk(s->program, "\r\n"))
		return error_set(s->steps.f, ERROR_OS,
				 "the path of this program is unknown: see the "
				 "units in contrib");
	path = realpath(CLIENT, NULL);
	s->client = path ? arena_dup(s->steps.arena, path) : CLIENT;
	free(path);
	s->is_running = steps_has_systemd(&s->steps);
	return 0;
}

static int no_systemd(struct service *s)
{
	return error_set(s->steps.f, ERROR_UNAVAILABLE,
			 "systemd is not running: start this at boot as root "
			 "(it becomes the user mailsend): %s --serve "
			 "unix:" SOCKET " --config " CONF,
			 s->program);
}

int install_service(struct arena *a, enum install_action action,
		    const struct request *r, struct error *f)
{
	struct service s = {
		.steps = { .arena = a,
			   .mark = MARK,
			   .is_system = true,
			   .is_shown = action == INSTALL_SHOW,
			   .tells_text = true,
			   .f = f },
		.request = r,
	};
	int result;

	if (begin(&s) < 0)
		return -1;
	if (action == INSTALL_UNDO)
		return uninstall(&s);
	if (!s.is_running)
		return no_systemd(&s);
	result = install(&s);
	shared_wipe(&s.shared);
	return result;
}
