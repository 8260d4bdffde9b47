#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All configuration files, read into one struct: usbredird.conf, guests.d, filters.d. What is
 * broken is told with file, line and column, and fails safe:
 *
 *      the main file   at start the daemon refuses to run
 *      a guest's file  at start that guest does not exist
 *      a filter file   at start it stands in the policy as one rule that denies everything
 *
 * and after a reload each keeps what was in force before (of the filter files: all of them).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "filter/guests.h"
#include "filter/policy.h"
#include "util/address.h"
#include "util/cleanup.h"
#include "util/log.h"

/* More than one machine's sessions can ever use: each needs its own processes and guests. */
#define CONFIG_GUESTS_MAX   256
#define CONFIG_CHANNELS_MAX 64 /* of one guest */
#define CONFIG_SESSIONS_MAX 512
/* As many mistakes are listed; all of them are on D-Bus. */
#define CONFIG_ERRORS_MAX 256

/* "listen:tcp:" and a host name of 255, or "listen:unix:" and a path of 107 bytes */
#define CHANNEL_TEXT_SIZE 288

struct rules_edit;

struct channel_config {
        struct address address; /* "listen:systemd": ADDRESS_FD, and the guest's name as host */
        char text[CHANNEL_TEXT_SIZE]; /* as written, of a range the one port: "tcp:vm1:4001" */
        uint32_t line, column;        /* where the guest's file has it */
        bool listens;                 /* "listen:": the guest dials in */
};

/* A file that systemd passes: the rest is its name. */
#define TLS_CREDENTIAL "credential:"

/*
 * [TLS]. With a ca_file: certificates, with a psk_file: pre-shared keys, with neither: clear text.
 * Files are paths from /, or credentials. What is not configured is NULL.
 */
struct tls_config {
        char *ca_file;
        char *certificate_file, *key_file; /* both or none */
        char *peer_name;                   /* NULL: the channel's host, any where it listens */
        char *psk_file, *psk_identity;
        bool ktls; /* the kernel encrypts what is sent, if it can */
};

/* QEMU's word for the key of a client that gives no name. */
#define TLS_PSK_IDENTITY_DEFAULT "qemu"

/* One file of guests.d. */
struct guest_config {
        char name[GUEST_NAME_MAX + 1];
        char *description; /* never NULL */
        char *file;        /* its path */
        char *source;      /* what is in it: the same text is the same configuration; or NULL */
        struct channel_config *channels;
        size_t n_channels;
        unsigned max_devices; /* at once; 0: as many as channels */

        /* [Reconnect] */
        unsigned initial_delay_sec, max_delay_sec;
        unsigned max_attempts; /* in a row; 0: for ever */

        /* [Connection] */
        unsigned greeting_sec;  /* without a hello for so long the guest counts as silent */
        unsigned keepalive_sec; /* TCP keepalive: idle time and interval */
        unsigned user_timeout_sec;

        uid_t allow_uid; /* who may dial in at a unix socket, besides root and us; 0: nobody */
        bool allow_clear_text; /* guests may dial in from a network without encryption */

        struct tls_config tls;
};

/* What is wrong in a file. A line or column of 0: the file as a whole. */
struct config_error {
        char *file;
        uint32_t line, column;
        char *text;       /* what is wrong, what was expected, what was done about it */
        bool is_of_rules; /* in filters.d */
};

struct config {
        char default_guest[GUEST_NAME_MAX + 1]; /* "" for none */
        unsigned max_sessions;
        enum log_level log_level;

        struct guest_config *guests; /* sorted by name */
        size_t n_guests;
        struct policy *policy;

        struct config_error *errors;
        size_t n_errors;
};

/*
 * Reads the files below these directories, which stand in falling precedence, and end with NULL. A
 * directory or a file that is missing is no error. Previous is what is in force, or NULL at
 * start; what is kept of it is copied, the policy shared (policy_ref()). Returns 0, also when
 * errors are listed; -EINVAL, with *ret_config holding nothing but errors, when the main file is
 * broken at start; -ENOMEM.
 */
int config_load(struct config **ret_config, const char *const *directories,
                const struct config *previous);
/*
 * Reads the rules alone, as they would be with that edit: the result has nothing but the policy
 * and, if the edit must not be, errors. Returns 0 or -ENOMEM.
 */
int config_load_rules(struct config **ret_config, const char *const *directories,
                      const struct rules_edit *edit);

/* Puts the policy of "rules", which has no errors, in the place of config's; that it gets. */
void config_swap_rules(struct config *config, struct config *rules);

struct config *config_free(struct config *config);
DEFINE_CLEANUP(struct config, config_free)

/* The directories in which files are looked for when none is named on the command line. */
extern const char *const config_directories[]; /* NULL last */

/* Returns 0, with a copy for guest_config_clear(), or -ENOMEM. */
int guest_config_copy(struct guest_config *ret_copy, const struct guest_config *guest);
void guest_config_clear(struct guest_config *guest);

bool tls_config_is_on(const struct tls_config *tls);

/* Do bytes of that guest's go through a network, as everybody on it can read them? */
bool guest_config_is_exposed(const struct guest_config *guest);
bool channel_is_exposed(const struct guest_config *guest, const struct channel_config *channel);

const struct guest_config *config_find_guest(const struct config *config, const char *name);
