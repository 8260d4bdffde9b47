/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes of a peer, in any pieces, to a parser of either role. What it takes must be verified,
 * can be printed, and is what its peer's writer makes of the packet: byte for byte, where it stood.
 */
#include "fuzz/wire-input.h"

struct check {
        const struct wire_input *in;
        struct writer *writer; /* the peer's, from its hello on */
};

static void check_print(const struct packet *packet, uint32_t both)
{
        static char text[4096];
        char cut[40];

        packet_print(text, sizeof(text), packet, both);
        CHECKED(strlen(text) > 0 && strlen(text) < sizeof(text) - 1);
        for (const char *c = text; *c; c++)
                CHECKED(*c >= 0x20 && *c < 0x7f);

        packet_print(cut, sizeof(cut), packet, both);
        CHECKED(strncmp(text, cut, sizeof(cut) - 1) == 0 && strlen(cut) < sizeof(cut));
}

/* A payload comes as it stands in the input, but for words of capabilities that nobody knows. */
static void check_payload(const struct wire_place *place, const struct parsed *parsed)
{
        size_t prefix = place->header_size + packet_fields_size(parsed->packet->type, place->both);

        if (parsed->packet->type != PACKET_hello)
                CHECKED(prefix + parsed->payload_size == place->whole);
        if (!parsed->lost && parsed->payload_size > 0)
                CHECKED(memcmp(parsed->payload, place->bytes + prefix, parsed->payload_size) == 0);
        CHECKED(parsed->lost || place->available >= prefix + parsed->payload_size);
}

/* The peer's writer sends the same packet with the same bytes. */
static void check_writer(struct check *c, const struct wire_place *place,
                         const struct parsed *parsed)
{
        size_t prefix = place->header_size + packet_fields_size(parsed->packet->type, place->both);
        enum role peer = other_role(c->in->role);
        struct stream out = { 0 };
        uint8_t bytes[PACKET_PREFIX_MAX];
        enum packet_fault fault;

        if (parsed->packet->type == PACKET_hello) {
                uint32_t caps = parsed->payload_size ? caps_get(parsed->payload, CAPS_WORD) : 0;

                CHECKED(!c->writer);
                CHECKED(writer_new(&c->writer, peer, caps, 1, NULL, NULL) == 0);
        }

        CHECKED(packet_put(bytes, parsed->packet, place->whole - prefix, place->both) == prefix);
        CHECKED(memcmp(bytes, place->bytes, prefix) == 0);
        if (place->available >= place->whole) {
                CHECKED(writer_put(c->writer, parsed->packet, place->bytes + prefix,
                                   place->whole - prefix, NULL, &fault) == 0);
                CHECKED(writer_bytes(c->writer) == place->whole);
                CHECKED(drain(c->writer, SIZE_MAX, &out) == place->whole);
                CHECKED(memcmp(out.data, place->bytes, place->whole) == 0);
                stream_clear(&out);
        }
        if (parsed->packet->type == PACKET_hello)
                writer_set_peer_caps(c->writer, c->in->caps);
}

static void on_result(void *userdata, const struct wire_place *place, const struct parsed *parsed,
                      enum packet_fault fault)
{
        struct check *c = userdata;
        enum role peer = other_role(c->in->role);

        if (!parsed) {
                CHECKED(fault != PACKET_FAULT_NONE && packet_fault_string(fault));
                return;
        }

        CHECKED(parsed->packet->type == place->header.type &&
                parsed->packet->id == place->header.id);
        CHECKED(packet_verify(parsed->packet, parsed->payload_size, peer, c->in->caps) ==
                PACKET_FAULT_NONE);
        check_print(parsed->packet, place->both);
        check_payload(place, parsed);
        check_writer(c, place, parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire_input in;
        struct check c = { &in };

        if (!wire_input_read(data, size, &in))
                return 0;

        wire_run(&in, on_result, &c);
        writer_free(c.writer);
        return 0;
}
