/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * We read first, then upstream. Each bad packet's bytes are said in full, so that both find the
 * next one behind it; only at the end of a conversation there may be bytes that lead each to
 * another place.
 */
#include "unit/test.h"

#include "unit/conversation.h"
#include "unit/differences.h"

void conversation_start(struct conversation *c, enum role sender, uint32_t receiver_caps)
{
        c->sender = sender;
        c->receiver_caps = receiver_caps;
        c->both = 0;
        c->bytes.size = 0;
        c->count = 0;
}

void conversation_say(struct conversation *c, const struct packet *packet, const uint8_t *payload,
                      size_t size)
{
        struct utterance *u = &c->list[c->count];

        CHECKED(c->count++ < UTTERANCES_MAX);
        u->begin = c->bytes.size;
        stream_append_packet(&c->bytes, packet, payload, size, c->both);
        u->end = c->bytes.size;
        u->is_packet = true;
        u->packet = *packet;
        u->judged = false;
        if (packet->type == PACKET_hello && c->count == 1)
                c->both = caps_consistent(c->receiver_caps & caps_get(payload, size));
}

void conversation_spoil(struct conversation *c, size_t end)
{
        struct utterance *u = &c->list[c->count - 1];

        CHECKED(end >= u->begin && end <= c->bytes.size);
        c->bytes.size = u->end = end;
        u->is_packet = false;
}

/* Bytes that are read at once: all, or so few that packets are cut anywhere. */
static size_t random_piece(uint64_t *seed, size_t most)
{
        return most == SIZE_MAX ? most : 1 + random_u32(seed) % most;
}

static size_t random_most(uint64_t *seed)
{
        static const size_t most[] = { SIZE_MAX, SIZE_MAX, 5, 50, 500, 5000 };

        return most[random_u32(seed) % ELEMENTS(most)];
}

/* The payload stands at the end of the packet. */
static void assert_payload(const struct conversation *c, const struct utterance *u,
                           const uint8_t *payload, size_t size)
{
        assert_true(size <= u->end - u->begin);
        if (size > 0)
                assert_memory_equal(payload, c->bytes.data + u->end - size, size);
}

static void *payload_new(void *userdata, const struct packet *packet, size_t size,
                         uint8_t **ret_data)
{
        return *ret_data = malloc(size);
}

static void payload_free(void *userdata, void *owner)
{
        free(owner);
}

static void judge_ours(struct conversation *c, struct utterance *u, uint32_t both,
                       const struct parsed *parsed, enum packet_fault fault)
{
        struct packet want = on_the_wire(&u->packet, both);

        u->judged = true;
        u->fault = fault;
        if (!parsed)
                return;

        u->read = *parsed->packet;
        if (u->is_packet && packet_difference(&u->read, &want))
                fail_msg("%s: we read another %s, both have %02x", packet_type_string(want.type),
                         packet_difference(&u->read, &want), both);
        assert_false(parsed->lost);
        if (want.type != PACKET_hello)
                assert_payload(c, u, parsed->payload, parsed->payload_size);
        free(parsed->owner);
}

static void read_ours(struct conversation *c, uint64_t *seed)
{
        size_t most = random_most(seed), next = 0;
        struct parser *p;

        assert_int_equal(parser_new(&p, other_role(c->sender), c->receiver_caps, payload_new,
                                    payload_free, NULL),
                         0);
        for (size_t done = 0; done < c->bytes.size;) {
                size_t size = MIN(random_piece(seed, most), c->bytes.size - done);

                done += feed(p, c->bytes.data + done, size);
                for (;;) {
                        uint32_t both = parser_both(p);
                        enum packet_fault fault = PACKET_FAULT_NONE;
                        struct parsed parsed;
                        enum parser_result r = parser_next(p, &parsed, &fault);

                        if (r == PARSER_MORE)
                                break;
                        assert_true(next < c->count);
                        judge_ours(c, &c->list[next++], both, r == PARSER_PACKET ? &parsed : NULL,
                                   fault);
                }
        }
        if (parser_has_peer(p))
                assert_int_equal(parser_both(p), c->both);
        c->peer_caps = parser_peer_caps(p);
        parser_free(p);
}

/* Upstream read something there: the same? */
static void compare_read(struct conversation *c, struct utterance *v, struct upstream *u)
{
        /* It leaves what was not on the wire as it was. */
        struct packet theirs =
                on_the_wire(&u->packet, u->packet.type == PACKET_hello ? 0 : c->both);

        if (upstream_has_no_id(theirs.type))
                theirs.id = v->read.id;
        if (packet_difference(&theirs, &v->read))
                fail_msg("%s: upstream reads another %s, both have %02x",
                         packet_type_string(v->read.type), packet_difference(&theirs, &v->read),
                         c->both);

        if (theirs.type == PACKET_filter_filter) {
                static struct stream text;
                size_t prefix = packet_header_size(theirs.type, c->both);

                upstream_filter_text(c->bytes.data + v->begin + prefix, &text);
                assert_int_equal(u->payload.size, text.size);
                assert_memory_equal(u->payload.data, text.data, text.size);
        } else if (theirs.type != PACKET_hello) {
                size_t prefix = packet_header_size(theirs.type, c->both) +
                                packet_fields_size(theirs.type, c->both);

                assert_int_equal(u->payload.size, v->end - v->begin - prefix);
                assert_payload(c, v, u->payload.data, u->payload.size);
        }
}

/* Both have come to an end, or to a packet: what did they say of the one before? */
static void judge(struct utterance *u, const uint8_t *bytes, enum verdict theirs,
                  const char *message)
{
        if (u->judged)
                differences_judge(DEED_TAKE, get_le32(bytes + u->begin), u->fault, theirs, message);
        else if (theirs != VERDICT_NONE)
                fail_msg("%s: we wait for more, upstream does not: %s",
                         packet_type_string(get_le32(bytes + u->begin)), message);
}

static void read_theirs(struct conversation *c, struct upstream *u, uint64_t *seed)
{
        size_t most = random_most(seed), start = u->at, next = 0;

        for (size_t done = 0, size; done < c->bytes.size; done += size) {
                enum parser_result r;

                size = MIN(random_piece(seed, most), c->bytes.size - done);
                upstream_feed(u, c->bytes.data + done, size);
                while ((r = upstream_next(u)) != PARSER_MORE) {
                        size_t at = u->at - start;

                        /* It says nothing of some, but those are behind it now. */
                        for (; next < c->count && c->list[next].end < at; next++)
                                judge(&c->list[next], c->bytes.data, VERDICT_NONE, "");
                        assert_true(next < c->count);
                        judge(&c->list[next], c->bytes.data,
                              r == PARSER_PACKET ? VERDICT_GOOD : VERDICT_BAD, u->message);
                        if (r == PARSER_PACKET && c->list[next].fault == PACKET_FAULT_NONE)
                                compare_read(c, &c->list[next], u);
                        next++;
                }
        }
        for (; next < c->count; next++)
                judge(&c->list[next], c->bytes.data, VERDICT_NONE, "");
}

void conversation_compare(struct conversation *c, struct upstream *u, uint64_t *seed)
{
        read_ours(c, seed);
        read_theirs(c, u, seed);
        if (c->peer_caps)
                assert_int_equal(upstream_peer_caps(u), c->peer_caps & CAP_ALL);
}
