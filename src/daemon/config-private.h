#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of config_load(), and the tables of keys: nobody else's business but the tests'.
 */
#include "daemon/config.h"
#include "daemon/ini.h"
#include "filter/rule-error.h"
#include "util/conf-files.h"

/* The keys of usbredird.conf and of guests.d. */
extern const struct ini_table main_keys;
extern const struct ini_table guest_keys;

/* Who lists the mistakes of one file. */
struct teller {
        struct config *config;
        const char *file;
        const char *consequence; /* what is done about them */
        bool is_of_rules;
        int failure; /* 0 or -ENOMEM */
};

void config_tell(struct teller *teller, struct ini_place at, const char *format, ...) PRINTF(3, 4);
void config_on_ini_error(void *userdata, const struct ini_error *error);
void config_on_rule_error(void *userdata, const struct rule_error *error);

/* Where DefaultGuest= has been read, to be told if there is no such guest. */
struct main_places {
        char *default_guest_file; /* to free(); NULL: nowhere */
        struct ini_place default_guest;
};

/* Each fills its part of config, and lists mistakes. */
int main_config_load(struct config *config, const char *const *directories,
                     const struct config *previous, struct main_places *places);
int guest_files_load(struct config *config, const char *const *directories,
                     const struct config *previous);

/* With an edit: as if it had been made. */
int filter_files_load(struct config *config, const char *const *directories,
                      const struct config *previous, const struct rules_edit *edit);

/* Reads one guest's file; -EINVAL for one that is broken, which has been told. */
int guest_config_load(struct guest_config *ret_guest, const char *name, struct conf_file *file,
                      struct teller *teller);

/* clang-format off */
/*        key                   name               field              set */
#define TLS_KEYS(T) \
        T(TLS_CA_FILE,          "CAFile",          ca_file,           tls_set_path) \
        T(TLS_CERTIFICATE_FILE, "CertificateFile", certificate_file,  tls_set_path) \
        T(TLS_KEY_FILE,         "KeyFile",         key_file,          tls_set_path) \
        T(TLS_PEER_NAME,        "PeerName",        peer_name,         tls_set_peer_name) \
        T(TLS_PSK_FILE,         "PSKFile",         psk_file,          tls_set_path) \
        T(TLS_PSK_IDENTITY,     "PSKIdentity",     psk_identity,      tls_set_identity)
/* clang-format on */

enum tls_key {
        TLS_SECTION,
#define TLS_KEY_VALUE(key, name, field, set) key,
        TLS_KEYS(TLS_KEY_VALUE)
#undef TLS_KEY_VALUE
                N_TLS_KEYS,
};

/* ini_keys' sets, for keys with the offset of a char *. */
int config_set_text(const struct ini_key *key, void *target, const char *value,
                    struct ini_error *error);
int tls_set_path(const struct ini_key *key, void *target, const char *value,
                 struct ini_error *error);
int tls_set_peer_name(const struct ini_key *key, void *target, const char *value,
                      struct ini_error *error);
int tls_set_identity(const struct ini_key *key, void *target, const char *value,
                     struct ini_error *error);

/* Do the keys of [TLS] go together, and with the channels? If not, that is told. */
int tls_config_check(const struct guest_config *guest, const struct ini_place places[N_TLS_KEYS],
                     struct teller *teller);
int tls_config_copy(struct tls_config *ret_copy, const struct tls_config *tls);
void tls_config_clear(struct tls_config *tls);

/* An ini_key's set: adds channels to a guest. */
int channels_add(const struct ini_key *key, void *target, const char *value,
                 struct ini_error *error);

/* The same for AllowUser=. */
int channels_allow_user(const struct ini_key *key, void *target, const char *value,
                        struct ini_error *error);

/* Does AllowUser= have a channel to be good for? And may guests dial in in clear text? */
int channels_check(const struct guest_config *guest, struct ini_place allow_user,
                   struct teller *teller);

/* Orders channels by what they connect to; 0: it is the same. */
int channel_compare(const struct channel_config *a, const struct channel_config *b);
