/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything here follows from the descriptors: no packet is named but hello, which sets the form
 * of all that come after it.
 */
#include "fuzz/messages.h"

/* Payloads are small, but for one that is read straight into its place. */
#define PAYLOAD_MAX (PARSER_DIRECT_MIN + 64)

/* Values around which things change: sizes, limits, signs. */
static const uint32_t edges[] = {
        0,
        1,
        USBREDIR_INTERFACES,
        USBREDIR_INTERFACES + 1,
        0x7f,
        0xff,
        WRITER_COPY_MAX,
        WRITER_COPY_MAX + 1,
        PARSER_DIRECT_MIN,
        0x7fff,
        0xffff,
        0x10000,
        TRANSFER_SIZE_MAX,
        TRANSFER_SIZE_MAX + 1,
        PACKET_LENGTH_MAX,
        0x7fffffff,
        0x80000000,
        0xffffffff,
};

static uint32_t random_edge(uint64_t *seed)
{
        return edges[random_u32(seed) % ELEMENTS(edges)];
}

static enum role sender_of(const struct messages *m)
{
        return m->prologue[WIRE_FLAGS] & WIRE_GUEST ? ROLE_HOST : ROLE_GUEST;
}

/* What both have behind a packet, if they had that before it. */
static uint32_t both_after(const struct messages *m, const struct message *message, uint32_t both)
{
        uint32_t caps = caps_consistent(m->prologue[WIRE_CAPS]);

        if (message->packet.type != PACKET_hello)
                return both;

        return caps_consistent(caps & caps_consistent(caps_get(message->payload, message->size)));
}

static void set_payload(struct message *message, const uint8_t *payload, size_t size)
{
        uint8_t *copy = malloc(size + 1);

        CHECKED(copy);
        if (size > 0)
                memcpy(copy, payload, size);
        free(message->payload);
        message->payload = copy;
        message->size = size;
}

/* Room for one more at that place, or NULL. */
static struct message *insert(struct messages *m, size_t at)
{
        if (m->count == MESSAGES_MAX)
                return NULL;

        memmove(m->list + at + 1, m->list + at, (m->count - at) * sizeof(*m->list));
        m->count++;
        m->list[at] = (struct message){ 0 };
        return &m->list[at];
}

static void insert_copy(struct messages *m, size_t at, const struct message *from)
{
        struct message copy = { from->packet, NULL, 0, from->lie }, *to;

        set_payload(&copy, from->payload, from->size);
        to = insert(m, at);
        if (to)
                *to = copy;
        else
                free(copy.payload);
}

static void take_out(struct messages *m, size_t at)
{
        free(m->list[at].payload);
        m->count--;
        memmove(m->list + at, m->list + at + 1, (m->count - at) * sizeof(*m->list));
}

void messages_read(struct messages *m, const uint8_t *data, size_t size)
{
        struct wire_input in;
        struct wire_place place;
        uint32_t both = 0;

        *m = (struct messages){ 0 };
        if (!wire_input_read(data, size, &in))
                return;

        memcpy(m->prologue, data, WIRE_PROLOGUE);
        for (size_t offset = 0;
             m->count < MESSAGES_MAX && offset < in.size && wire_place(&in, offset, both, &place);
             offset += place.whole) {
                struct message *message;
                size_t prefix;

                if (place.available < place.whole)
                        break;
                if (!packet_type_string(place.header.type))
                        continue;
                prefix = place.header_size +
                         packet_fields_size((enum packet_type)place.header.type, both);
                if (place.whole < prefix)
                        continue;

                message = insert(m, m->count);
                packet_get_fields(place.bytes + place.header_size, &place.header, both,
                                  &message->packet);
                set_payload(message, place.bytes + prefix, place.whole - prefix);
                both = both_after(m, message, both);
        }
}

void messages_clear(struct messages *m)
{
        while (m->count > 0)
                take_out(m, m->count - 1);
}

size_t messages_write(const struct messages *m, uint8_t *data, size_t max)
{
        uint32_t both = 0;
        size_t n = WIRE_PROLOGUE;

        if (max < n)
                return 0;

        memcpy(data, m->prologue, n);
        for (const struct message *i = m->list; i < m->list + m->count; i++) {
                uint8_t prefix[PACKET_PREFIX_MAX];
                size_t prefix_size = packet_put(prefix, &i->packet, i->size, both);

                put_le32(prefix + 4, get_le32(prefix + 4) + i->lie);
                if (prefix_size + i->size > max - n)
                        break;
                memcpy(data + n, prefix, prefix_size);
                if (i->size > 0)
                        memcpy(data + n + prefix_size, i->payload, i->size);
                n += prefix_size + i->size;
                both = both_after(m, i, both);
        }

        return n;
}

/* A value for a field: near the old one, one of the table's, an edge, or any. */
static uint32_t new_value(uint64_t *seed, const struct field *field, uint32_t old)
{
        static const uint8_t statuses[] = {
#define VALUE(name, value) value,
                USBREDIR_STATUSES(VALUE)
        };
        static const uint8_t speeds[] = { USBREDIR_SPEEDS(VALUE) };
        static const uint8_t types[] = { USBREDIR_ENDPOINT_TYPES(VALUE) };
        uint32_t any = random_u32(seed);

        switch (random_u32(seed) % 5) {
        case 0: return old + 1;
        case 1: return old - 1;
        case 2: return random_edge(seed);
        case 3: return any;
        }

        switch (field->kind) {
        case KIND_status: return statuses[any % ELEMENTS(statuses)];
        case KIND_speed: return speeds[any % ELEMENTS(speeds)];
        case KIND_endpoint_type: return types[any % ELEMENTS(types)];
        case KIND_endpoint: return old ^ 0x80;
        case KIND_text: return 0;
        case KIND_u8:
        case KIND_u16:
        case KIND_u32:
        case KIND_x8:
        case KIND_x16:
        case KIND_x32: break;
        }
        return old ^ 1u << any % 32;
}

static void change_field(struct message *message, uint64_t *seed)
{
        const struct field *fields = descriptors[message->packet.type].fields, *f;
        size_t n = 0, element, size;
        uint32_t value;

        while (fields[n].name)
                n++;
        if (n == 0) {
                message->packet.id = (uint64_t)random_u32(seed) << 32 | random_edge(seed);
                return;
        }

        f = &fields[random_u32(seed) % n];
        element = f->count ? random_u32(seed) % f->count : 0;
        size = field_size(f) / (f->count ? f->count : 1u);
        value = new_value(seed, f, field_load(f, &message->packet, element));
        if (size == 4)
                memcpy((uint8_t *)&message->packet + f->offset + element * 4, &value, 4);
        else if (size == 2)
                memcpy((uint8_t *)&message->packet + f->offset + element * 2,
                       &(uint16_t){ (uint16_t)value }, 2);
        else
                ((uint8_t *)&message->packet)[f->offset + element] = (uint8_t)value;
}

static void change_payload(struct message *message, uint64_t *seed)
{
        static uint8_t bytes[PAYLOAD_MAX];
        size_t size = MIN(message->size, sizeof(bytes));

        if (size > 0)
                memcpy(bytes, message->payload, size);
        if (random_u32(seed) % 64 == 0)
                size = PARSER_DIRECT_MIN + random_u32(seed) % 64;
        else
                size = LLVMFuzzerMutate(bytes, size, MIN(2 * size + 16, sizeof(bytes)));
        set_payload(message, bytes, size);
}

/* Makes the length that the packet states true, or the payload as long as it is stated. */
static void make_true(struct message *message, uint64_t *seed)
{
        size_t length = packet_transfer_length(&message->packet);

        message->lie = 0;
        if (packet_payload_kind(message->packet.type) == PAYLOAD_NONE || random_u32(seed) % 4 == 0)
                message->size = 0;
        else if (packet_payload_kind(message->packet.type) == PAYLOAD_STRING && message->size > 0)
                message->payload[message->size - 1] = 0;
        else if (length <= message->size)
                message->size = length;
        else
                packet_set_transfer_length(&message->packet, (uint32_t)message->size);
}

/* A packet as it should be. */
static void add_packet(struct messages *m, size_t at, uint64_t *seed)
{
        struct message *message;
        struct packet packet;
        static uint8_t zeros[400];
        unsigned type;
        size_t size;

        do
                type = random_u32(seed) % PACKET_TYPES;
        while (!descriptors[type].name || !random_packet(seed, type, sender_of(m), CAP_ALL,
                                                         random_u32(seed) % 300, &packet, &size));

        message = insert(m, at);
        if (!message)
                return;
        message->packet = packet;
        set_payload(message, zeros, size);
        if (type == PACKET_hello)
                caps_put(message->payload, random_u32(seed) % 2 ? CAP_ALL : random_u32(seed));
}

/* The capabilities of either side, who is who, or how it is read. */
static void change_prologue(struct messages *m, uint64_t *seed)
{
        uint8_t bit = (uint8_t)(1u << random_u32(seed) % 8);

        switch (random_u32(seed) % 4) {
        case 0: m->prologue[WIRE_FLAGS] ^= bit & (WIRE_GUEST | WIRE_NO_MEMORY); break;
        case 1: m->prologue[WIRE_CAPS] ^= bit; break;
        case 2: m->prologue[WIRE_PIECES + random_u32(seed) % 2] = (uint8_t)random_edge(seed); break;
        case 3:
                if (m->count > 0 && m->list[0].packet.type == PACKET_hello && m->list[0].size > 0)
                        m->list[0].payload[0] ^= bit;
                break;
        }
}

void messages_mutate(struct messages *m, uint64_t *seed)
{
        size_t a = m->count ? random_u32(seed) % m->count : 0;
        size_t b = m->count ? random_u32(seed) % m->count : 0;
        struct message *message = &m->list[a], swapped;

        if (m->count == 0) {
                add_packet(m, 0, seed);
                return;
        }

        switch (random_u32(seed) % 12) {
        case 0:
        case 1:
        case 2: change_field(message, seed); break;
        case 3: change_payload(message, seed); break;
        case 4:
                change_payload(message, seed);
                make_true(message, seed);
                break;
        case 5: make_true(message, seed); break;
        case 6: add_packet(m, a + 1, seed); break;
        case 7: insert_copy(m, b, message); break;
        case 8: take_out(m, a); break;
        case 9:
                swapped = m->list[a];
                m->list[a] = m->list[b];
                m->list[b] = swapped;
                break;
        case 10:
                message->lie = random_u32(seed) % 2 ? random_edge(seed) : -random_edge(seed);
                break;
        case 11: change_prologue(m, seed); break;
        }
}

void messages_mix(struct messages *m, const struct messages *other, uint64_t *seed)
{
        size_t from = other->count ? random_u32(seed) % other->count : 0;
        size_t at = m->count ? 1 + random_u32(seed) % m->count : 0;

        for (; from < other->count && random_u32(seed) % 4 != 0; from++, at++)
                if (m->count < MESSAGES_MAX)
                        insert_copy(m, at, &other->list[from]);
}
