/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the dictionary of the fuzzers of the wire: what the table has that no fuzzer guesses. The
 * start of each packet in each form, the limits, and the sets of capabilities that make the forms.
 */
#include <stdio.h>

#include "protocol/descriptor.h"
#include "util/bytes.h"
#include "util/macro.h"

static void print_entry(const char *name, uint32_t form, const uint8_t *bytes, size_t size)
{
        printf("%s_%x=\"", name, form);
        for (size_t i = 0; i < size; i++)
                printf("\\x%02x", bytes[i]);
        printf("\"\n");
}

static void print_word(const char *name, uint32_t value)
{
        uint8_t bytes[4];

        put_le32(bytes, value);
        print_entry(name, value, bytes, sizeof(bytes));
}

/* Type and length of a packet without payload, once for each size that its fields can have. */
static void print_packet(enum packet_type type)
{
        size_t last = SIZE_MAX;

        for (uint32_t both = 0; both <= CAP_ALL; both++) {
                size_t size = packet_fields_size(type, both);
                uint8_t bytes[8];

                if (both != caps_consistent(both) || (last != SIZE_MAX && size <= last))
                        continue;
                last = size;
                put_le32(bytes, type);
                put_le32(bytes + 4, (uint32_t)size);
                print_entry(descriptors[type].name, (uint32_t)size, bytes, sizeof(bytes));
        }
}

int main(void)
{
        static const struct {
                const char *name;
                uint32_t value;
        } limits[] = {
                { "interfaces", USBREDIR_INTERFACES },
                { "interfaces", USBREDIR_INTERFACES + 1 },
                { "transfer", TRANSFER_SIZE_MAX },
                { "transfer", TRANSFER_SIZE_MAX + 1 },
                { "packet", PACKET_LENGTH_MAX },
                { "packet", PACKET_LENGTH_MAX + 1 },
                { "long", 0x10000 },
        };

        for (unsigned type = 0; type < PACKET_TYPES; type++)
                if (descriptors[type].name)
                        print_packet((enum packet_type)type);
        for (size_t i = 0; i < ELEMENTS(limits); i++)
                print_word(limits[i].name, limits[i].value);
#define PRINT_CAP(name, bit) print_word("cap_" #name, CAP_##name);
        USBREDIR_CAPABILITIES(PRINT_CAP)
        print_word("caps", CAP_ALL);
        return 0;
}
