/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole session on the fake device, with a guest and a device as bad as the input wants them.
 * Each whole request has one answer, or the link has ended; the session ends when it shall, gives
 * the device back and leaves nothing behind (bed_close() and the reports check).
 *
 * Nothing waits: when nothing moves any more, the session's deadline is made to come.
 *
 * Input: device, guest, steps of a byte each with what they need behind.
 */
#include <unistd.h>

#include "fuzz/session.h"
#include "integration/bed.h"
#include "unit/test.h"

/* What is not sent yet; beyond it packets are left out. */
#define OUTBOX_MAX (4u * 1024 * 1024)

#define STEPS_MAX 200

/* Whatever needs no time happens in so many rounds. */
#define ROUNDS_QUIET 64
#define ROUNDS_MAX   20000
#define ROUNDS_FAST  10000

enum step {
        STEP_PACKET,  /* a right one */
        STEP_ANY,     /* one that need not be */
        STEP_BYTES,   /* that are no packet */
        STEP_CANCEL,  /* a request that was made */
        STEP_SEND,    /* all that is due, and the session's turn */
        STEP_CUT,     /* some bytes of it */
        STEP_READ,    /* what has come */
        STEP_TIME,    /* passes */
        STEP_UNPLUG,  /* the device is gone */
        STEP_NEXT,    /* another one is offered in its place */
        STEP_END,     /* the session is asked to end */
        STEP_HANG_UP, /* the guest is gone */
};

static const enum step steps[] = {
        STEP_PACKET, STEP_PACKET, STEP_PACKET, STEP_PACKET, STEP_PACKET, STEP_PACKET,
        STEP_SEND,   STEP_SEND,   STEP_SEND,   STEP_SEND,   STEP_CUT,    STEP_CUT,
        STEP_READ,   STEP_READ,   STEP_CANCEL, STEP_TIME,
};

struct run {
        struct input in;
        struct bed bed;
        struct owed owed;
        struct stream outbox;
        size_t sent;
        uint64_t last_id;
        bool is_faulty; /* the device need not be given back whole */
        bool is_lossy;  /* transfers may never come back, and are not freed */
};

/* There when the program was built with a sanitizer. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static uint8_t payload[3u * 1024 * 1024];

static void add_option(char *text, size_t size, const char *format, ...) PRINTF(3, 4);

static void add_option(char *text, size_t size, const char *format, ...)
{
        size_t length = strlen(text);
        va_list arguments;

        if (length > 0)
                text[length++] = ',';
        va_start(arguments, format);
        vsnprintf(text + length, size - length, format, arguments);
        va_end(arguments);
}

/* A device that fails: this call, or completions of this
 * endpoint, at that time. */
static void take_fault(struct run *run, char *text, size_t size)
{
        static const char *const functions[] = {
                "submit_transfer",
                "cancel_transfer",
                "reset_device",
                "set_configuration",
                "claim_interface",
                "release_interface",
                "set_interface_alt_setting",
                "clear_halt",
                "detach_kernel_driver",
                "attach_kernel_driver",
                "get_active_config_descriptor",
                "get_config_descriptor",
                "get_device_descriptor",
                "wrap_sys_device",
                "get_ss_endpoint_companion_descriptor",
                "alloc_streams",
                "free_streams",
                "dev_mem_alloc",
                "handle_events",
        };
        static const char *const errors[] = {
                "IO", "NO_DEVICE", "NOT_FOUND", "BUSY", "TIMEOUT", "PIPE", "NO_MEM", "NOT_SUPPORTED"
        };
        static const char *const statuses[] = { "ERROR", "TIMED_OUT", "CANCELLED",
                                                "STALL", "NO_DEVICE", "OVERFLOW" };
        uint8_t kind = take_u8(&run->in), what = take_u8(&run->in), how = take_u8(&run->in);
        unsigned at = 1 + take_u8(&run->in) % 16, times = 1 + take_u8(&run->in) % 8;

        if (kind < 128)
                return;
        if (kind & 1)
                add_option(text, size, "complete=0x%02x:%s@%ux%u", take_endpoint_address(&run->in),
                           statuses[how % ELEMENTS(statuses)], at, times);
        else
                add_option(text, size, "fail=%s:%s@%ux%u", functions[what % ELEMENTS(functions)],
                           errors[how % ELEMENTS(errors)], at, times);
        run->is_faulty |= !(kind & 1);
}

static void take_device(struct run *run, char *text, size_t size)
{
        static const char *const speeds[] = { "high", "full",       "super",
                                              "low",  "super-plus", "unknown" };
        static const char *const cancels[] = { "normal", "late", "normal", "late", "lost" };
        uint8_t speed = take_u8(&run->in), seed = take_u8(&run->in), lie = take_u8(&run->in);
        uint8_t unplug = take_u8(&run->in), cancel = take_u8(&run->in) % ELEMENTS(cancels);

        add_option(text, size, "speed=%s,cancel=%s,random=%u", speeds[speed % ELEMENTS(speeds)],
                   cancels[cancel], seed < 128 ? 0 : seed);
        if (lie >= 224)
                add_option(text, size, "hostile-descriptors=%u", 1 + lie % 14);
        if (unplug >= 160)
                add_option(text, size, "unplug-after=%u", unplug - 160);
        run->is_faulty = lie >= 224;
        run->is_lossy = cancel == ELEMENTS(cancels) - 1;
        take_fault(run, text, size);
        take_fault(run, text, size);
}

static void read_answers(struct run *run, bool *ret_is_new)
{
        while (guest_poll(&run->bed.guest))
                *ret_is_new |= count_answer(&run->owed, run->bed.guest.packet);
}

/* So many bytes of what is due, or as many as the socket takes. */
static void send_some(struct run *run, size_t size)
{
        size_t n = MIN(size, run->outbox.size - run->sent);

        if (run->bed.guest.fd >= 0 && n > 0)
                run->sent += guest_send_some(&run->bed.guest, run->outbox.data + run->sent, n);
}

static void let_time_pass(struct run *run)
{
        for (unsigned i = 0; i < ROUNDS_QUIET; i++)
                bed_step(&run->bed);
        if (!run->bed.is_over && event_pending(run->bed.session->timer, EV_TIMEOUT, NULL))
                event_active(run->bed.session->timer, EV_TIMEOUT, 0);
        bed_step(&run->bed);
}

/* Guest and session do all they can until it is so, or the session is over. */
static void work_until(struct run *run, bool (*is_so)(const struct run *run))
{
        unsigned quiet = 0;

        for (unsigned i = 1; !run->bed.is_over && !is_so(run); i++) {
                bool is_new = false;

                send_some(run, SIZE_MAX);
                bed_step(&run->bed);
                if (run->bed.guest.fd >= 0)
                        read_answers(run, &is_new);
                if (is_new)
                        quiet = 0;
                else if (++quiet % ROUNDS_QUIET == 0)
                        let_time_pass(run);
                if (i > ROUNDS_FAST)
                        usleep(1000);
                CHECKED(i < ROUNDS_MAX);
        }
}

static void append(struct run *run, struct packet *packet, bool is_right)
{
        uint32_t both = parser_both(run->bed.guest.parser);
        uint32_t host = parser_peer_caps(run->bed.guest.parser);
        size_t size;

        *packet = on_the_wire(packet, both);
        if (is_right)
                turn_endpoint(packet);
        size = payload_size(packet);
        if (size > sizeof(payload) || run->outbox.size - run->sent + size > OUTBOX_MAX)
                return;
        if (packet_verify(packet, size, ROLE_GUEST, host) != PACKET_FAULT_NONE ||
            packet_needs(packet->type) & ~run->bed.guest.caps) {
                if (is_right)
                        return;
                run->owed.is_wild = true;
        }

        stream_append_packet(&run->outbox, packet, payload, size, both);
        if (wants_answer(packet->type))
                run->owed.wanted[packet->id]++;
}

static void cancel(struct run *run, uint64_t id)
{
        append(run, &(struct packet){ .type = PACKET_cancel_data_packet, .id = id }, true);
}

static void add_packet(struct run *run, bool is_right)
{
        struct packet packet = take_packet(&run->in);
        uint8_t byte = take_u8(&run->in);

        if (packet.type == PACKET_filter_reject && byte < 240)
                return; /* it ends all */
        if (run->last_id < IDS - 1)
                run->last_id++;
        packet.id = byte < 224 ? run->last_id : 1 + byte % run->last_id;
        if (packet.type == PACKET_iso_packet)
                packet.id += IDS;
        append(run, &packet, is_right);
}

static enum step take_step(struct input *in)
{
        static const enum step rare[] = { STEP_ANY,  STEP_BYTES, STEP_UNPLUG,
                                          STEP_NEXT, STEP_END,   STEP_HANG_UP };
        uint8_t byte = take_u8(in);

        return byte < 240 ? steps[byte % ELEMENTS(steps)] : rare[byte % ELEMENTS(rare)];
}

static void take_bytes(struct run *run)
{
        struct input bytes = take_block(&run->in);

        run->owed.is_wild = true;
        stream_append(&run->outbox, bytes.at, bytes.left);
}

static void offer_next(struct run *run)
{
        const struct session_config next = run->bed.session->config;

        session_next_device(run->bed.session, &next);
}

static void step(struct run *run)
{
        bool is_new = false;

        switch (take_step(&run->in)) {
        case STEP_PACKET: add_packet(run, true); return;
        case STEP_ANY: add_packet(run, false); return;
        case STEP_BYTES: take_bytes(run); return;
        case STEP_CANCEL:
                cancel(run, run->last_id ? 1 + take_u8(&run->in) % run->last_id : 1);
                return;
        case STEP_SEND: send_some(run, SIZE_MAX); break;
        case STEP_CUT: send_some(run, take_u8(&run->in)); break;
        case STEP_READ: read_answers(run, &is_new); break;
        case STEP_TIME: let_time_pass(run); break;
        case STEP_UNPLUG: bed_unplug(&run->bed); break;
        case STEP_NEXT:
                if (!run->bed.is_over)
                        offer_next(run);
                break;
        case STEP_END:
                if (!run->bed.is_over)
                        bed_end(&run->bed);
                break;
        case STEP_HANG_UP: guest_hang_up(&run->bed.guest); break;
        }
        bed_step(&run->bed);
}

static bool has_hello(const struct run *run)
{
        return parser_has_peer(run->bed.guest.parser);
}

static bool is_answered(const struct run *run)
{
        return run->sent == run->outbox.size && is_all_answered(&run->owed);
}

static bool never(const struct run *run)
{
        return false;
}

static void open_run(struct run *run)
{
        static const size_t shares[] = { 14u * 1024 * 1024, 20000, 4096 };
        uint8_t caps = take_u8(&run->in), share = take_u8(&run->in), greets = take_u8(&run->in);
        char text[512] = "";

        take_device(run, text, sizeof(text));
        if (run->is_lossy && __lsan_disable)
                __lsan_disable();
        bed_open_memory(&run->bed, text, caps_consistent(~caps & CAP_ALL),
                        shares[share % ELEMENTS(shares)]);
        work_until(run, has_hello);
        if (!run->bed.is_over && greets < 240)
                guest_say_hello(&run->bed.guest);
        run->owed.is_wild = greets >= 240;
}

static void use_device(struct run *run)
{
        for (unsigned i = 0; i < STEPS_MAX && run->in.left > 0 && run->bed.guest.fd >= 0; i++)
                step(run);

        if (run->bed.guest.fd < 0)
                return;
        /* What the device never answers. */
        for (uint64_t id = 1; id <= run->last_id; id++)
                if (run->owed.wanted[id] != run->owed.answered[id])
                        cancel(run, id);
        if (!run->owed.is_wild)
                work_until(run, is_answered);
}

static void close_run(struct run *run)
{
        enum session_reason reason;

        guest_hang_up(&run->bed.guest);
        work_until(run, never);
        reason = bed_close(&run->bed);
        if (reason == REASON_PROTOCOL && !run->owed.is_wild)
                fail_msg("right packets are refused; log:\n%s", run->bed.report.log);
        if (report_logged(&run->bed.report, "returning the device under them"))
                CHECKED(run->is_lossy);
        else if (run->is_faulty || report_value(&run->bed.report, "unplugged"))
                report_assert_unplugged(&run->bed.report);
        else
                report_assert_returned(&run->bed.report, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct run run;

        /* A failed check of the bed is a finding. */
        setenv("CMOCKA_TEST_ABORT", "1", 1);
        run = (struct run){ .in = { data, size } };
        open_run(&run);
        use_device(&run);
        close_run(&run);
        stream_clear(&run.outbox);
        if (run.is_lossy && __lsan_enable)
                __lsan_enable();
        return 0;
}
