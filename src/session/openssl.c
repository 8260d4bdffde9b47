/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions come from the very version that we were compiled for: the name of the library says
 * which. It is never unloaded.
 */
#include "session/openssl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

#define STRING(text)     #text
#define NAME_OF(version) "libssl.so." STRING(version)
#define LIBRARY          NAME_OF(OPENSSL_SHLIB_VERSION)

struct openssl openssl;

static const struct {
        const char *name;
        size_t offset;
} functions[] = {
#define FUNCTION(name) { #name, offsetof(struct openssl, name) },
        OPENSSL_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

int openssl_load(char *message, size_t size)
{
        struct openssl loaded;
        void *library;

        if (openssl.SSL_new)
                return 0;

        /* All names now: later there are no files any more. */
        library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        if (!library) {
                snprintf(message, size, "TLS needs " LIBRARY ": %s", dlerror());
                return -ELIBACC;
        }
        for (size_t i = 0; i < ELEMENTS(functions); i++) {
                /* Those of libcrypto are found through it, too. */
                void *function = dlsym(library, functions[i].name);

                if (!function) {
                        snprintf(message, size, LIBRARY " has no %s", functions[i].name);
                        dlclose(library);
                        return -ELIBACC;
                }
                memcpy((char *)&loaded + functions[i].offset, &function, sizeof(function));
        }

        openssl = loaded;
        openssl.OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
                                 NULL);
        return 0;
}
