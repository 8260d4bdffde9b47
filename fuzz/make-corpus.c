/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the first inputs of the fuzzers of the wire into a folder: each example of the unit tests
 * behind a hello, and conversations of all packets, for both roles and several capabilities.
 */
#include "fuzz/wire-input.h"
#include "unit/wire-examples.h"

#define SEED 0x636f7270

static const char *folder;

static void save(const char *name, unsigned number, const struct stream *s)
{
        char path[4096];
        FILE *f;

        CHECKED(snprintf(path, sizeof(path), "%s/%s-%03u", folder, name, number) < 4096);
        f = fopen(path, "wb");
        CHECKED(f && fwrite(s->data, 1, s->size, f) == s->size);
        CHECKED(fclose(f) == 0);
}

/* To a role, which announced the same as its peer. */
static void start(struct stream *s, enum role role, uint32_t caps, uint8_t piece)
{
        uint8_t prologue[WIRE_PROLOGUE] = {
                [WIRE_FLAGS] = role == ROLE_GUEST ? WIRE_GUEST : 0,
                [WIRE_CAPS] = (uint8_t)caps,
                [WIRE_PIECES] = piece,
        };

        s->size = 0;
        stream_append(s, prologue, sizeof(prologue));
}

static void append_hello(struct stream *s, uint32_t caps)
{
        uint8_t bytes[HELLO_SIZE];

        stream_append(s, bytes, hello_bytes(bytes, caps));
}

static void save_examples(void)
{
        struct stream s = { 0 };

        for (unsigned i = 0; i < ELEMENTS(wire_examples); i++) {
                const struct wire_example *e = &wire_examples[i];
                uint8_t wire[512];

                start(&s, other_role(e->sender), e->both, 0);
                if (e->packet.type != PACKET_hello)
                        append_hello(&s, e->both);
                stream_append(&s, wire, hex(wire, sizeof(wire), e->wire));
                save("example", i, &s);
        }
        stream_clear(&s);
}

/* All packets that may be sent, with payloads about as long as wanted. */
static void append_packets(struct stream *s, uint64_t *seed, enum role sender, uint32_t caps,
                           size_t wanted)
{
        static uint8_t payload[2 * PARSER_DIRECT_MIN];

        for (unsigned type = next_packet(0); type < PACKET_TYPES; type = next_packet(type)) {
                struct packet packet;
                size_t size;

                if ((descriptors[type].needs & caps) != descriptors[type].needs ||
                    !random_packet(seed, type, sender, caps, wanted, &packet, &size))
                        continue;
                stream_append_packet(s, &packet, payload, size, caps);
        }
}

static void save_conversations(void)
{
        static const size_t wanted[] = { 0, 13, WRITER_COPY_MAX + 1 };
        uint64_t seed = SEED;
        struct stream s = { 0 };
        unsigned n = 0;

        for (enum role role = ROLE_HOST; role <= ROLE_GUEST; role++)
                for (uint32_t cap = 1; cap <= CAP_ALL + 1; cap <<= 1) {
                        /* Nothing but one capability, and all but it. */
                        uint32_t sets[] = { caps_consistent(cap & CAP_ALL),
                                            caps_consistent(CAP_ALL & ~cap) };

                        for (size_t i = 0; i < ELEMENTS(sets); i++, n++) {
                                start(&s, role, sets[i], (uint8_t)(n % 3 * 11));
                                append_hello(&s, sets[i]);
                                append_packets(&s, &seed, other_role(role), sets[i],
                                               wanted[n % ELEMENTS(wanted)]);
                                save("all", n, &s);
                        }
                }
        stream_clear(&s);
}

/* One payload that goes straight into its memory. */
static void save_direct(void)
{
        struct packet packet = { PACKET_bulk_packet, 1, .bulk_packet = { 0x02 } };
        static uint8_t payload[PARSER_DIRECT_MIN];
        struct stream s = { 0 };

        packet_set_transfer_length(&packet, sizeof(payload));
        start(&s, ROLE_HOST, CAP_ALL, 200);
        append_hello(&s, CAP_ALL);
        stream_append_packet(&s, &packet, payload, sizeof(payload), CAP_ALL);
        save("direct", 0, &s);
        stream_clear(&s);
}

int main(int argc, char **argv)
{
        if (argc != 2) {
                fprintf(stderr, "usage: make-corpus FOLDER\n");
                return 2;
        }

        folder = argv[1];
        save_examples();
        save_conversations();
        save_direct();
        return 0;
}
