/* setup_files.h - the files of contrib/ that --setup-queue and --setup-service
 * write, as they
 * stand there; the Makefile makes the strings. */
#ifndef CMD_SETUP_FILES_H
#define CMD_SETUP_FILES_H

/* What is written anew in each: the program, and the queue's folder. */
#define SETUP_PROGRAM	   "/usr/local/bin/mailsend"
#define SETUP_QUEUE	   "%h/.local/state/mailsend/queue"
#define SETUP_QUEUE_SYSTEM "/var/spool/mailsend/0"

extern const char setup_file_systemd_mailsend_queue_service[];
extern const char setup_file_systemd_mailsend_queue_timer[];
extern const char setup_file_systemd_mailsend_queue_path[];
extern const char setup_file_systemd_system_mailsend_queue_path[];
extern const char setup_file_systemd_system_mailsend_submit_socket[];
extern const char setup_file_systemd_system_mailsend_submit_service[];
extern const char setup_file_mailsend_queue_cron[];

#endif
