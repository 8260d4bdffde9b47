/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One file of guests.d. What this version cannot do is refused by name.
 */
#include <errno.h>
#include <string.h>

#include "daemon/config-private.h"

/* clang-format off */
/*        key              section      name               field             lowest  highest              default */
#define NUMBERS(N) \
        N(MAX_DEVICES,     "Guest",      "MaxDevices",      max_devices,        0,    CONFIG_CHANNELS_MAX, 0) \
        N(INITIAL_DELAY,   "Reconnect",  "InitialDelaySec", initial_delay_sec,  1,    3600,                1) \
        N(MAX_DELAY,       "Reconnect",  "MaxDelaySec",     max_delay_sec,      1,    86400,               30) \
        N(MAX_ATTEMPTS,    "Reconnect",  "MaxAttempts",     max_attempts,       0,    1000000,             0) \
        N(GREETING,        "Connection", "GreetingSec",     greeting_sec,       1,    3600,                10) \
        N(KEEPALIVE,       "Connection", "KeepaliveSec",    keepalive_sec,      1,    3600,                15) \
        N(USER_TIMEOUT,    "Connection", "UserTimeoutSec",  user_timeout_sec,   1,    3600,                30)
/* clang-format on */

enum {
        DESCRIPTION,
        CHANNEL,
        ALLOW_USER,
#define NUMBER_KEY(key, section, name, field, lowest, highest, by_default) key,
        NUMBERS(NUMBER_KEY)
#undef NUMBER_KEY
                TLS, /* and the keys of that section */
        KTLS = TLS + N_TLS_KEYS,
        ALLOW_CLEAR_TEXT,
        N_KEYS,
};

static const struct ini_key rows[N_KEYS] = {
        [DESCRIPTION] = { "Guest", "Description", .set = config_set_text,
                          .offset = offsetof(struct guest_config, description) },
        [CHANNEL] = { "Guest", "Channel", .is_list = true, .set = channels_add,
                      .takes = "tcp:HOST:PORT, tcp:HOST:FIRST-LAST, unix:/PATH, one of these after "
                               "listen:, or listen:systemd" },
        [ALLOW_USER] = { "Guest", "AllowUser", .set = channels_allow_user,
                         .takes = "a name in /etc/passwd or a number" },
        [TLS] = { "TLS" },
#define TLS_ROW(key, n, field, how)                                                                \
        [TLS + key] = { "TLS", n, .set = how, .offset = offsetof(struct guest_config, tls.field) },
        TLS_KEYS(TLS_ROW)
#undef TLS_ROW
#define NUMBER_ROW(key, s, n, field, low, high, by_default)                                        \
        [key] = { s,                                                                               \
                  n,                                                                               \
                  .set = ini_set_number,                                                           \
                  .offset = offsetof(struct guest_config, field),                                  \
                  .lowest = low,                                                                   \
                  .highest = high },
                NUMBERS(NUMBER_ROW)
#undef NUMBER_ROW
                        [KTLS] = { "TLS", "KTLS", .set = ini_set_bool, .takes = "yes or no",
                                   .offset = offsetof(struct guest_config, tls.ktls) },
        [ALLOW_CLEAR_TEXT] = { "TLS", "AllowClearText", .set = ini_set_bool, .takes = "yes or no",
                               .offset = offsetof(struct guest_config, allow_clear_text) },
};

const struct ini_table guest_keys = { rows, N_KEYS };

void guest_config_clear(struct guest_config *guest)
{
        free(guest->description);
        free(guest->file);
        free(guest->source);
        free(guest->channels);
        tls_config_clear(&guest->tls);
        *guest = (struct guest_config){};
}

int guest_config_copy(struct guest_config *ret_copy, const struct guest_config *guest)
{
        CLEANUP(guest_config_clear) struct guest_config copy = *guest;

        copy.description = strdup(guest->description);
        copy.file = strdup(guest->file);
        copy.source = guest->source ? strdup(guest->source) : NULL;
        copy.tls = (struct tls_config){};
        copy.channels = calloc(MAX(guest->n_channels, (size_t)1), sizeof(*copy.channels));
        if (!copy.description || !copy.file || !copy.channels || (guest->source && !copy.source))
                return -ENOMEM;
        if (tls_config_copy(&copy.tls, &guest->tls) < 0)
                return -ENOMEM;
        memcpy(copy.channels, guest->channels, guest->n_channels * sizeof(*copy.channels));

        *ret_copy = copy;
        copy = (struct guest_config){};
        return 0;
}

/* What only all keys together show. */
static int check(const struct guest_config *guest, const struct ini_place places[N_KEYS],
                 struct teller *teller)
{
        if (guest->n_channels == 0) {
                config_tell(teller, (struct ini_place){},
                            "the guest has no channel: write Channel=tcp:HOST:PORT or "
                            "Channel=unix:/PATH in [Guest]");
                return -EINVAL;
        }
        if (guest->initial_delay_sec > guest->max_delay_sec) {
                config_tell(teller,
                            places[MAX_DELAY].line ? places[MAX_DELAY] : places[INITIAL_DELAY],
                            "MaxDelaySec= is %u, less than InitialDelaySec=, %u: write a larger "
                            "one",
                            guest->max_delay_sec, guest->initial_delay_sec);
                return -EINVAL;
        }

        return channels_check(guest, places[ALLOW_USER], teller) < 0
                       ? -EINVAL
                       : tls_config_check(guest, places + TLS, teller);
}

int guest_config_load(struct guest_config *ret_guest, const char *name, struct conf_file *file,
                      struct teller *teller)
{
        CLEANUP(guest_config_clear)
        struct guest_config guest = {
#define NUMBER_DEFAULT(key, section, name, field, lowest, highest, by_default) .field = by_default,
                NUMBERS(NUMBER_DEFAULT)
#undef NUMBER_DEFAULT
        };
        struct ini_place places[N_KEYS] = {};
        CLEANUP(freep) char *text = NULL;
        size_t size;
        int r;

        strcpy(guest.name, name);
        guest.description = strdup("");
        guest.file = strdup(file->path);
        if (!guest.description || !guest.file)
                return -ENOMEM;

        r = conf_file_read(file, &text, &size);
        if (r == -EINVAL)
                config_tell(teller, (struct ini_place){}, "%s", file->problem);
        if (r < 0)
                return r;
        guest.source = strdup(text);
        if (!guest.source)
                return -ENOMEM;
        r = ini_read(&guest_keys, text, size, &guest, places, config_on_ini_error, teller);
        if (r < 0)
                return r;
        r = check(&guest, places, teller);
        if (r < 0)
                return r;

        *ret_guest = guest;
        guest = (struct guest_config){};
        return 0;
}
