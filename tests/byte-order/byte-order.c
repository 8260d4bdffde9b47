/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The examples of the wire through codec, writer and parser, without a test framework: so that it
 * can be built for a machine of the other byte order, where there is none.
 */
#include <stdio.h>

#include "protocol/parser.h"
#include "protocol/writer.h"
#include "unit/helpers.h"
#include "unit/wire-examples.h"

/* NULL, or what went wrong, like wire_example_codec(). */
typedef const char *(*example_check)(const struct wire_example *e);

static const char *check_writer(const struct wire_example *e)
{
        uint8_t wire[512], payload[512];
        size_t wire_size = hex(wire, sizeof(wire), e->wire);
        size_t payload_size = hex(payload, sizeof(payload), e->payload);
        const char *wrong = NULL;
        struct stream s = { 0 };
        enum packet_fault fault;
        struct writer *w;

        CHECKED(writer_new(&w, e->sender, e->both, 1, NULL, NULL) == 0);
        if (e->packet.type != PACKET_hello)
                greet(w, e->both);
        if (writer_put(w, &e->packet, payload, payload_size, NULL, &fault) < 0)
                wrong = "the writer refuses it";
        else if (drain(w, SIZE_MAX, &s) != wire_size || memcmp(s.data, wire, wire_size) != 0)
                wrong = "the writer makes other bytes";

        stream_clear(&s);
        writer_free(w);
        return wrong;
}

static const char *check_parser(const struct wire_example *e)
{
        uint8_t wire[512], payload[512];
        size_t wire_size = hex(wire, sizeof(wire), e->wire);
        size_t payload_size = hex(payload, sizeof(payload), e->payload);
        const char *wrong = NULL;
        struct parsed parsed;
        enum packet_fault fault;
        struct parser *p;

        CHECKED(parser_new(&p, other_role(e->sender), e->both, NULL, NULL, NULL) == 0);
        if (e->packet.type != PACKET_hello)
                feed_hello(p, e->both);
        feed(p, wire, wire_size);
        if (parser_next(p, &parsed, &fault) != PARSER_PACKET)
                wrong = "the parser refuses it";
        else if (packet_difference(parsed.packet, &e->packet))
                wrong = packet_difference(parsed.packet, &e->packet);
        else if (memcmp(parsed.payload, payload, MIN(payload_size, parsed.payload_size)) != 0)
                wrong = "payload";
        else if (e->packet.type == PACKET_hello && parser_peer_caps(p) != get_le32(payload))
                wrong = "capabilities";
        else if (parser_next(p, &parsed, &fault) != PARSER_MORE || !parser_is_between_packets(p))
                wrong = "the parser sees another end";

        parser_free(p);
        return wrong;
}

int main(void)
{
        static const example_check checks[] = { wire_example_codec, check_writer, check_parser };
        size_t failed = 0;

        for (size_t i = 0; i < ELEMENTS(wire_examples); i++)
                for (size_t j = 0; j < ELEMENTS(checks); j++) {
                        const char *wrong = checks[j](&wire_examples[i]);

                        if (wrong)
                                printf("example %zu, %s: %s\n", i,
                                       packet_type_string(wire_examples[i].packet.type), wrong);
                        failed += wrong != NULL;
                }

        printf("%s-endian: %zu examples, %zu checks, %zu failed\n",
               __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? "big" : "little", ELEMENTS(wire_examples),
               ELEMENTS(wire_examples) * ELEMENTS(checks), failed);
        return failed > 0;
}
