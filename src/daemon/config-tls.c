/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The section [TLS] of a guest. It never means less than it says: keys that do not go together, or
 * none at all, break the file, for a guest must not be served in clear text by a mistake.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "daemon/config-private.h"
#include "session/control.h"

/* Of a credential's name: what systemd takes, and a drop-in can say without quoting. */
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-"
#define NAME_MAX_SIZE   255

/* Fields by their keys, for what is done to each. */
static char **field(struct tls_config *tls, enum tls_key key)
{
        switch (key) {
#define FIELD(key, name, field, set)                                                               \
        case key: return &tls->field;
                TLS_KEYS(FIELD)
#undef FIELD
        case TLS_SECTION:
        case N_TLS_KEYS: break;
        }

        return NULL;
}

static const char *value_of(const struct tls_config *tls, enum tls_key key)
{
        return *field((struct tls_config *)tls, key);
}

static const char *name_of(enum tls_key key)
{
        static const char *const names[] = {
#define NAME(key, name, field, set) [key] = name,
                TLS_KEYS(NAME)
#undef NAME
        };

        return names[key];
}

int config_set_text(const struct ini_key *key, void *target, const char *value,
                    struct ini_error *error)
{
        char **text = (char **)(void *)((char *)target + key->offset);
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;

        free(*text);
        *text = copy;
        return 0;
}

static bool is_credential_name(const char *name)
{
        size_t length = strlen(name);

        return length > 0 && length <= NAME_MAX_SIZE && strspn(name, NAME_CHARACTERS) == length &&
               strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int tls_set_path(const struct ini_key *key, void *target, const char *value,
                 struct ini_error *error)
{
        if (!strncmp(value, TLS_CREDENTIAL, strlen(TLS_CREDENTIAL)) &&
            !is_credential_name(value + strlen(TLS_CREDENTIAL)))
                return ini_error_set(error,
                                     "after " TLS_CREDENTIAL " comes the name of one, of at most "
                                     "%u of [A-Za-z0-9_.@-]; found \"%.80s\"",
                                     NAME_MAX_SIZE, value);
        if (value[0] != '/' && strncmp(value, TLS_CREDENTIAL, strlen(TLS_CREDENTIAL)) != 0)
                return ini_error_set(error,
                                     "%s= takes a path from /, or " TLS_CREDENTIAL
                                     "NAME; found \"%.80s\"",
                                     key->name, value);

        return config_set_text(key, target, value, error);
}

/* A text that fits where it goes. */
static int set_bounded(const struct ini_key *key, void *target, const char *value, size_t size,
                       const char *takes, struct ini_error *error)
{
        if (!*value || strlen(value) >= size || strpbrk(value, " :"))
                return ini_error_set(error, "%s= takes %s, of at most %zu bytes; found \"%.80s\"",
                                     key->name, takes, size - 1, value);

        return config_set_text(key, target, value, error);
}

int tls_set_peer_name(const struct ini_key *key, void *target, const char *value,
                      struct ini_error *error)
{
        struct in6_addr address;

        if (inet_pton(AF_INET6, value, &address) == 1)
                return config_set_text(key, target, value, error);

        return set_bounded(key, target, value, CONTROL_NAME_SIZE, "a host name or an IP address",
                           error);
}

int tls_set_identity(const struct ini_key *key, void *target, const char *value,
                     struct ini_error *error)
{
        return set_bounded(key, target, value, CONTROL_KEY_SIZE, "the name of a key", error);
}

bool tls_config_is_on(const struct tls_config *tls)
{
        return tls->ca_file || tls->psk_file;
}

void tls_config_clear(struct tls_config *tls)
{
        for (enum tls_key key = TLS_CA_FILE; key < N_TLS_KEYS; key++)
                free(*field(tls, key));
        *tls = (struct tls_config){};
}

int tls_config_copy(struct tls_config *ret_copy, const struct tls_config *tls)
{
        CLEANUP(tls_config_clear) struct tls_config copy = { .ktls = tls->ktls };

        for (enum tls_key key = TLS_CA_FILE; key < N_TLS_KEYS; key++) {
                const char *value = value_of(tls, key);

                if (value && !(*field(&copy, key) = strdup(value)))
                        return -ENOMEM;
        }

        *ret_copy = copy;
        copy = (struct tls_config){};
        return 0;
}

/* Of two keys that need or exclude each other. */
static int refuse(struct teller *teller, const struct ini_place places[N_TLS_KEYS],
                  enum tls_key key, const char *problem, enum tls_key other, const char *advice)
{
        config_tell(teller, places[key], "%s= %s %s=: %s", name_of(key), problem, name_of(other),
                    advice);
        return -EINVAL;
}

static int check_pairs(const struct tls_config *tls, const struct ini_place places[N_TLS_KEYS],
                       struct teller *teller)
{
        static const struct {
                enum tls_key key, needs;
        } needs[] = {
                { TLS_CERTIFICATE_FILE, TLS_KEY_FILE }, { TLS_KEY_FILE, TLS_CERTIFICATE_FILE },
                { TLS_CERTIFICATE_FILE, TLS_CA_FILE },  { TLS_PEER_NAME, TLS_CA_FILE },
                { TLS_PSK_IDENTITY, TLS_PSK_FILE },
        };
        static const enum tls_key x509[] = { TLS_CA_FILE, TLS_CERTIFICATE_FILE, TLS_KEY_FILE,
                                             TLS_PEER_NAME };

        for (size_t i = 0; tls->psk_file && i < ELEMENTS(x509); i++)
                if (value_of(tls, x509[i]))
                        return refuse(teller, places, x509[i], "does not go with", TLS_PSK_FILE,
                                      "a guest has certificates or pre-shared keys, remove one");
        for (size_t i = 0; i < ELEMENTS(needs); i++)
                if (value_of(tls, needs[i].key) && !value_of(tls, needs[i].needs))
                        return refuse(teller, places, needs[i].key, "needs", needs[i].needs,
                                      "write that as well");

        return 0;
}

/* What certificates want of a channel. */
static int check_channel(const struct tls_config *tls, const struct channel_config *channel,
                         const struct ini_place places[N_TLS_KEYS], struct teller *teller)
{
        if (channel->listens && !tls->certificate_file) {
                config_tell(teller, places[TLS_CA_FILE],
                            "a guest that dials in, as to %s, wants a certificate of ours: write "
                            "CertificateFile= and KeyFile= as well",
                            channel->text);
                return -EINVAL;
        }
        if (!channel->listens && !tls->peer_name && channel->address.kind != ADDRESS_TCP) {
                config_tell(teller, places[TLS_CA_FILE],
                            "%s has no host name that a certificate could have: write PeerName= "
                            "as well",
                            channel->text);
                return -EINVAL;
        }

        return 0;
}

int tls_config_check(const struct guest_config *guest, const struct ini_place places[N_TLS_KEYS],
                     struct teller *teller)
{
        const struct tls_config *tls = &guest->tls;
        int r;

        r = check_pairs(tls, places, teller);
        if (r < 0)
                return r;
        if (!tls_config_is_on(tls) && places[TLS_SECTION].line > 0 &&
            (!guest->allow_clear_text || tls->ktls)) {
                config_tell(teller, places[TLS_SECTION],
                            "the section has neither CAFile= nor PSKFile=: write one, or remove "
                            "the section to have this guest served in clear text");
                return -EINVAL;
        }

        for (size_t i = 0; r == 0 && tls->ca_file && i < guest->n_channels; i++)
                r = check_channel(tls, &guest->channels[i], places, teller);

        return r;
}

static bool is_loopback(const char *host)
{
        struct in6_addr v6;
        struct in_addr v4;

        if (inet_pton(AF_INET, host, &v4) == 1)
                return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
        if (inet_pton(AF_INET6, host, &v6) == 1)
                return IN6_IS_ADDR_LOOPBACK(&v6);

        return !strcasecmp(host, "localhost");
}

bool channel_is_exposed(const struct guest_config *guest, const struct channel_config *channel)
{
        return !tls_config_is_on(&guest->tls) && channel->address.kind == ADDRESS_TCP &&
               !is_loopback(channel->address.host);
}

bool guest_config_is_exposed(const struct guest_config *guest)
{
        for (size_t i = 0; i < guest->n_channels; i++)
                if (channel_is_exposed(guest, &guest->channels[i]))
                        return true;

        return false;
}
