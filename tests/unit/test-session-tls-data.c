/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes through an encrypted link: sizes that are not those of records, guests that do not
 * read, messages of TLS itself in between, and the end.
 */
#include "unit/test.h"

#include "unit/tls-bed.h"

static uint8_t pattern(size_t i)
{
        return (uint8_t)(i * 7 + i / 251);
}

static void fill(uint8_t *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                bytes[i] = pattern(i);
}

static void payloads_of_any_size_come_in_whole(void **state)
{
        static const size_t sizes[] = { 1, 511, 16384, 16385, 32768, 65536, 100000, 131072 };
        static uint8_t payload[128 * 1024], bytes[PACKET_PREFIX_MAX + sizeof(payload)];
        struct tls_bed b;

        fill(payload, sizeof(payload));
        tls_bed_open_usual(&b, AF_INET, &(struct guest_wish){});
        tls_greet(&b);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                struct packet packet = bulk(0x01, i, (uint32_t)sizes[i]);

                tls_write(&b, bytes, encode(bytes, &packet, payload, sizes[i]));
                RUN_UNTIL(b.bed->base, b.bed->n_packets == i + 1);
                assert_int_equal(b.bed->last_payload_size, sizes[i]);
                assert_memory_equal(b.bed->last_payload, payload, sizes[i]);
        }
        assert_int_equal(b.bed->ends, 0);
        tls_bed_close(&b);
}

/* The socket has nothing more to tell then. */
static void packets_of_one_record_are_all_taken(void **state)
{
        uint8_t bytes[PACKET_PREFIX_MAX * 700];
        struct packet packet = request(PACKET_reset, 0);
        struct tls_bed b;
        size_t n = 0;

        tls_bed_open_usual(&b, AF_UNIX, &(struct guest_wish){});
        tls_greet(&b);
        for (size_t i = 0; i < 700; i++)
                n += encode(bytes + n, &packet, NULL, 0);
        assert_true(n < 16384);
        tls_write(&b, bytes, n);
        run_ready(b.bed->base);
        assert_int_equal(b.bed->n_packets, 700);
        tls_bed_close(&b);
}

static void packets_may_come_in_records_of_a_byte(void **state)
{
        uint8_t payload[40], bytes[PACKET_PREFIX_MAX + sizeof(payload)];
        struct packet packet = bulk(0x01, 5, sizeof(payload));
        struct tls_bed b;
        size_t n;

        fill(payload, sizeof(payload));
        tls_bed_open_usual(&b, AF_UNIX, &(struct guest_wish){});
        tls_greet(&b);
        n = encode(bytes, &packet, payload, sizeof(payload));
        for (size_t i = 0; i < n; i++)
                tls_write(&b, bytes + i, 1);
        RUN_UNTIL(b.bed->base, b.bed->n_packets == 1);
        assert_memory_equal(b.bed->last_payload, payload, sizeof(payload));
        tls_bed_close(&b);
}

/* Then they fill soon. */
/* And a few of the loopback's packets large: for less than one, TCP waits for a timer again and
 * again. */
static void make_sockets_small(struct tls_bed *b)
{
        const int size = 131072;

        assert_int_equal(setsockopt(b->bed->own, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
        assert_int_equal(setsockopt(b->bed->guest, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
}

/* Many times what the sockets hold; large payloads, and small ones between them. */
static void a_guest_that_does_not_read_gets_all_of_it_later(void **state)
{
        static const uint32_t sizes[] = { 65536, 10, 131072, 300, 16384, 0, 70000 };
        static uint8_t got[PACKET_PREFIX_MAX + 128 * 1024], want[sizeof(got)];
        static struct owner owner;
        struct tls_bed b;
        const size_t n = 70;

        fill(owner.data, sizeof(owner.data));
        tls_bed_open_usual(&b, AF_INET, &(struct guest_wish){});
        make_sockets_small(&b);
        tls_greet(&b);
        for (size_t i = 0; i < n; i++) {
                uint32_t size = sizes[i % ELEMENTS(sizes)];
                struct packet packet = bulk(0x81, i, size);

                link_send(b.bed->link, &packet, owner.data, size, &owner);
                if (i % 5 == 0)
                        run_ready(b.bed->base);
        }
        run_ready(b.bed->base);
        assert_true(link_queued(b.bed->link) > 0);
        assert_true(owner.taken_back < (int)n);

        for (size_t i = 0; i < n; i++) {
                uint32_t size = sizes[i % ELEMENTS(sizes)];
                struct packet packet = bulk(0x81, i, size);
                size_t length = encode(want, &packet, owner.data, size);

                tls_read(&b, got, length);
                assert_memory_equal(got, want, length);
        }
        RUN_UNTIL(b.bed->base, link_queued(b.bed->link) == 0);
        assert_int_equal(owner.taken_back, n);
        assert_int_equal(b.bed->ends, 0);
        tls_bed_close(&b);
}

/* One that takes 4096 bytes of a record may not see the rest. */
static void no_record_is_too_large_for_qemu(void **state)
{
        static const struct {
                const char *version;
                int want;
        } cases[] = {
                { "qemu usb-redir guest 7.2.22", 4096 },
                { "qemu usb-redir guest 8.0.0", 16384 },
                { "qemu usb-redir guest 10.1.2", 16384 },
                { "another", 16384 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                static struct owner owner;
                static uint8_t bytes[PACKET_PREFIX_MAX + sizeof(owner.data)];
                struct packet packet = bulk(0x81, 0, sizeof(owner.data));
                size_t left = encode(bytes, &packet, owner.data, sizeof(owner.data));
                struct tls_bed b;
                int largest = 0;

                tls_bed_open_usual(&b, AF_INET, &(struct guest_wish){});
                tls_greet_as(&b, cases[i].version);
                link_send(b.bed->link, &packet, owner.data, sizeof(owner.data), &owner);
                while (left > 0) {
                        int n = -1;

                        RUN_UNTIL(b.bed->base, (n = SSL_read(b.ssl, bytes, sizeof(bytes))) > 0);
                        largest = MAX(largest, n);
                        left -= (size_t)n;
                }
                if (largest != cases[i].want)
                        fail_msg("%s: %i", cases[i].version, largest);
                tls_bed_close(&b);
        }
}

static bool is_by_the_kernel(struct tls_bed *b)
{
        return strstr(link_text(b->bed->link), ", by the kernel");
}

/* It encrypts only what goes through TCP. */
static void what_the_kernel_cannot_encrypt_we_do(void **state)
{
        static const struct control_order order = { .purpose = CONTROL_REDIRECT,
                                                    .tls = CONTROL_X509,
                                                    .flags = CONTROL_KTLS,
                                                    .peer_name = "vm1" };
        int files[CONTROL_FILES_MAX] = { certificate_file(-1, &all.ca), -1, -1 };
        struct tls_bed b;

        tls_bed_open(&b, AF_UNIX, &order, files, &(struct guest_wish){});
        tls_greet(&b);
        assert_false(is_by_the_kernel(&b));
        tls_bed_close(&b);
}

/* Only ours: the kernel keeps those that it was given first. */
static void the_guest_s_keys_may_change(void **state)
{
        static const int wishes[] = { SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED };
        uint8_t bytes[PACKET_PREFIX_MAX];
        struct packet packet = request(PACKET_reset, 0);
        size_t size = encode(bytes, &packet, NULL, 0);

        for (size_t i = 0; i < ELEMENTS(wishes); i++) {
                bool is_refused = wants_ktls() && wishes[i] == SSL_KEY_UPDATE_REQUESTED;
                struct tls_bed b;

                tls_bed_open_usual(&b, AF_INET, &(struct guest_wish){ V13 });
                tls_greet(&b);
                assert_int_equal(is_by_the_kernel(&b), wants_ktls());
                assert_int_equal(SSL_key_update(b.ssl, wishes[i]), 1);
                tls_write(&b, bytes, size);
                RUN_UNTIL(b.bed->base, b.bed->n_packets == 1 || b.bed->ends > 0);
                assert_int_equal(b.bed->ends, is_refused);
                if (is_refused)
                        assert_string_equal(link_text(b.bed->link),
                                            "the guest wants other keys from us, which the kernel "
                                            "cannot change: remove KTLS=");
                tls_bed_close(&b);
        }
}

/* Asks the link for new keys, too; its answer has to go out whenever it may. */
static void keys_may_change_while_data_flows(void **state)
{
        int wish = wants_ktls() ? SSL_KEY_UPDATE_NOT_REQUESTED : SSL_KEY_UPDATE_REQUESTED;
        static uint8_t payload[128 * 1024], bytes[PACKET_PREFIX_MAX + sizeof(payload)],
                got[sizeof(bytes)];
        static struct owner owner;
        struct tls_bed b;
        const size_t n = 40;

        fill(owner.data, sizeof(owner.data));
        fill(payload, sizeof(payload));
        tls_bed_open_usual(&b, AF_INET, &(struct guest_wish){ .min_version = TLS1_3_VERSION });
        tls_greet(&b);
        for (size_t i = 0; i < n; i++) {
                struct packet out = bulk(0x01, i, 50000), in = bulk(0x81, i, sizeof(owner.data));

                link_send(b.bed->link, &in, owner.data, sizeof(owner.data), &owner);
                assert_int_equal(SSL_key_update(b.ssl, wish), 1);
                tls_write(&b, bytes, encode(bytes, &out, payload, 50000));
        }
        for (size_t i = 0; i < n; i++) {
                struct packet in = bulk(0x81, i, sizeof(owner.data));
                size_t length = encode(bytes, &in, owner.data, sizeof(owner.data));

                tls_read(&b, got, length);
                assert_memory_equal(got, bytes, length);
        }
        RUN_UNTIL(b.bed->base, b.bed->n_packets == n);
        assert_memory_equal(b.bed->last_payload, payload, 50000);
        assert_int_equal(b.bed->ends, 0);
        tls_bed_close(&b);
}

static void says_goodbye(void **state)
{
        static const bool shuts[] = { true, false };

        for (size_t i = 0; i < ELEMENTS(shuts); i++) {
                struct tls_bed b;
                uint8_t byte;
                int r;

                tls_bed_open_usual(&b, AF_INET, &(struct guest_wish){});
                tls_greet(&b);
                if (shuts[i])
                        link_shut(b.bed->link);
                else
                        b.bed->link = link_free(b.bed->link);
                r = SSL_read(b.ssl, &byte, 1);
                assert_int_equal(SSL_get_error(b.ssl, r), SSL_ERROR_ZERO_RETURN);
                tls_bed_close(&b);
        }
}

static void tells_how_the_guest_has_left(void **state)
{
        static const struct {
                const char *name;
                bool says_goodbye, cuts, closes;
                const char *garbage;
                enum link_end want;
        } cases[] = {
                { "with a goodbye", .says_goodbye = true, .want = LINK_END_CLOSED },
                { "and closes", .says_goodbye = true, .closes = true, .want = LINK_END_CLOSED },
                { "without one", .closes = true, .want = LINK_END_CLOSED },
                { "inside a packet", .cuts = true, .closes = true, .want = LINK_END_CUT },
                { "in clear text",
                  .garbage = "\x17\x03\x03\x00\x20"
                             "abcdefghijklmnopqrstuvwxyz012345",
                  .want = LINK_END_TLS },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct tls_bed b;

                tls_bed_open_usual(&b, AF_UNIX, &(struct guest_wish){});
                tls_greet(&b);
                if (cases[i].cuts)
                        tls_write(&b, "\0\0", 2);
                if (cases[i].garbage)
                        guest_write(b.bed, cases[i].garbage, 37);
                if (cases[i].says_goodbye)
                        SSL_shutdown(b.ssl);
                if (cases[i].closes)
                        shutdown(b.bed->guest, SHUT_RDWR);
                RUN_UNTIL(b.bed->base, b.bed->ends > 0);
                if (b.bed->end != cases[i].want)
                        fail_msg("%s: %i, %s", cases[i].name, b.bed->end, link_text(b.bed->link));
                assert_int_equal(b.bed->ends, 1);
                tls_bed_close(&b);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(payloads_of_any_size_come_in_whole),
                cmocka_unit_test(packets_of_one_record_are_all_taken),
                cmocka_unit_test(packets_may_come_in_records_of_a_byte),
                cmocka_unit_test(a_guest_that_does_not_read_gets_all_of_it_later),
                cmocka_unit_test(no_record_is_too_large_for_qemu),
                cmocka_unit_test(what_the_kernel_cannot_encrypt_we_do),
                cmocka_unit_test(the_guest_s_keys_may_change),
                cmocka_unit_test(keys_may_change_while_data_flows),
                cmocka_unit_test(says_goodbye),
                cmocka_unit_test(tells_how_the_guest_has_left),
        };

        return cmocka_run_group_tests(tests, make_all, free_all);
}
