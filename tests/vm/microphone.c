/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A microphone of USB audio class 1, made of code, that vhci_hcd has at its other end of a socket:
 *
 *      microphone full|high|fast
 *
 * It is as strict in time as a real one: each packet has its time, and if nobody has asked for it
 * by then it is missed. What it hears is the number of each frame, of 48000 in a second. The number
 * goes on with the packets that are sent: a gap in it is what was lost behind the wire, and what
 * was missed is counted here. Each time that the stream ends, a line says how many packets were
 * sent and missed.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/usb/audio.h>
#include <linux/usb/ch9.h>

enum { FRAME_SIZE = 4, FRAMES_PER_SECOND = 48000 };
/* More than any driver has in flight, on one endpoint. */
enum { URBS_MAX = 256, PACKETS_MAX = 128 };

/* Of the kernel's Documentation/usb/usbip_protocol.rst: all numbers big-endian. */
enum { CMD_SUBMIT = 1, CMD_UNLINK, RET_SUBMIT, RET_UNLINK };
struct message {
        uint32_t command, seqnum, devid, direction, ep;
        uint32_t words[5]; /* CMD_SUBMIT: flags, length, first frame, packets, interval */
        uint8_t setup[8];
};
enum { FLAGS, LENGTH, FIRST_FRAME, PACKETS }; /* of CMD_SUBMIT */
enum { STATUS, ACTUAL_LENGTH }; /* of RET_SUBMIT, which has FIRST_FRAME and PACKETS too */
struct packet {
        uint32_t offset, length, actual_length, status;
};

struct urb {
        uint32_t seqnum, packets;
        struct packet packet[PACKETS_MAX];
};

/* bInterval is in milliseconds at full speed; at high speed it is a power of two, of 125 us. */
static const struct kind {
        const char *name;
        enum usb_device_speed speed;
        uint16_t usb_version;
        uint8_t interval;
        uint64_t packet_ns;
} kinds[] = {
        { "full", USB_SPEED_FULL, 0x0110, 1, 1000000 },
        { "high", USB_SPEED_HIGH, 0x0200, 4, 1000000 },
        { "fast", USB_SPEED_HIGH, 0x0200, 1, 125000 },
};

static struct {
        int fd;
        uint64_t packet_ns, due_ns; /* when the next packet is on the wire */
        size_t packet_size;
        bool streaming;
        uint32_t frame;
        unsigned sent, missed;
        struct urb urbs[URBS_MAX];
        size_t n_urbs;
        uint8_t alternate;
} mic;

#define WORD(n) (uint8_t)(n), (uint8_t)((n) >> 8)

static struct usb_device_descriptor device = {
        .bLength = USB_DT_DEVICE_SIZE,
        .bDescriptorType = USB_DT_DEVICE,
        .bMaxPacketSize0 = 64,
        .iSerialNumber = 1,
        .bNumConfigurations = 1,
};

static const uint8_t serial[] = { 2 + 2 * 3, USB_DT_STRING, 'm', 0, 'i', 0, 'c', 0 };
static const uint8_t languages[] = { 4, USB_DT_STRING, WORD(0x0409) };

enum { CONTROL_SIZE = 9 + 12 + 9, STREAM_SIZE = 7 + 11 + 9 + 7 };
enum { CONFIGURATION_SIZE = 9 + 9 + CONTROL_SIZE + 9 + 9 + STREAM_SIZE };
enum { ENDPOINT_OFFSET = CONFIGURATION_SIZE - 7 - 9 };

/* A line for each descriptor. */
/* clang-format off */
static uint8_t configuration[CONFIGURATION_SIZE] = {
        9, USB_DT_CONFIG, WORD(CONFIGURATION_SIZE), 2, 1, 0, USB_CONFIG_ATT_ONE, 50,
        /* From the microphone, terminal 1, to USB, terminal 2. */
        9, USB_DT_INTERFACE, 0, 0, 0, USB_CLASS_AUDIO, USB_SUBCLASS_AUDIOCONTROL, 0, 0,
        9, USB_DT_CS_INTERFACE, UAC_HEADER, WORD(0x0100), WORD(CONTROL_SIZE), 1, 1,
        12, USB_DT_CS_INTERFACE, UAC_INPUT_TERMINAL, 1, WORD(0x0201), 0, 2, WORD(3), 0, 0,
        9, USB_DT_CS_INTERFACE, UAC_OUTPUT_TERMINAL, 2, WORD(UAC_TERMINAL_STREAMING), 0, 1, 0,
        /* Silent; and speaking. */
        9, USB_DT_INTERFACE, 1, 0, 0, USB_CLASS_AUDIO, USB_SUBCLASS_AUDIOSTREAMING, 0, 0,
        9, USB_DT_INTERFACE, 1, 1, 1, USB_CLASS_AUDIO, USB_SUBCLASS_AUDIOSTREAMING, 0, 0,
        7, USB_DT_CS_INTERFACE, UAC_AS_GENERAL, 2, 1, WORD(UAC_FORMAT_TYPE_I_PCM),
        11, USB_DT_CS_INTERFACE, UAC_FORMAT_TYPE, UAC_FORMAT_TYPE_I, 2, 2, 16, 1,
        WORD(FRAMES_PER_SECOND), 0, /* below 65536 */
        9, USB_DT_ENDPOINT, USB_DIR_IN | 1, USB_ENDPOINT_XFER_ISOC | USB_ENDPOINT_SYNC_ASYNC,
        WORD(0), 1, 0, 0,
        7, USB_DT_CS_ENDPOINT, UAC_EP_GENERAL, 0, 0, WORD(0),
};
/* clang-format on */

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The kernel closes the socket when it detaches the device. */
static void receive(void *data, size_t size)
{
        if (size && recv(mic.fd, data, size, MSG_WAITALL) != (ssize_t)size)
                exit(0);
}

static void transmit(const void *data, size_t size)
{
        if (send(mic.fd, data, size, MSG_NOSIGNAL) != (ssize_t)size)
                exit(0);
}

static size_t answer_begin(void *buffer, uint32_t command, uint32_t seqnum, int status)
{
        struct message *answer = buffer;

        *answer = (struct message){ .command = htobe32(command), .seqnum = htobe32(seqnum) };
        answer->words[STATUS] = htobe32((uint32_t)status);
        return sizeof(*answer);
}

static void answer_control(uint32_t seqnum, int status, const void *data, size_t size)
{
        uint8_t buffer[sizeof(struct message) + CONFIGURATION_SIZE];
        size_t end = answer_begin(buffer, RET_SUBMIT, seqnum, status);

        ((struct message *)buffer)->words[ACTUAL_LENGTH] = htobe32((uint32_t)size);
        if (size)
                memcpy(buffer + end, data, size);
        transmit(buffer, end + size);
}

/* The packets of a URB one after the other, without the room between them. */
static void answer_urb(const struct urb *urb)
{
        static uint8_t buffer[1 << 16];
        size_t begin = answer_begin(buffer, RET_SUBMIT, urb->seqnum, 0), end = begin;
        struct message *answer = (struct message *)buffer;
        uint32_t frame;

        for (uint32_t i = 0; i < urb->packets; i++)
                for (size_t n = 0; n < mic.packet_size; n += FRAME_SIZE) {
                        frame = htole32(mic.frame++);
                        memcpy(buffer + end, &frame, FRAME_SIZE);
                        end += FRAME_SIZE;
                }
        answer->words[ACTUAL_LENGTH] = htobe32((uint32_t)(end - begin));
        answer->words[PACKETS] = htobe32(urb->packets);
        for (uint32_t i = 0; i < urb->packets; i++) {
                struct packet packet = urb->packet[i];

                packet.actual_length = htobe32((uint32_t)mic.packet_size);
                packet.status = 0;
                memcpy(buffer + end, &packet, sizeof(packet));
                end += sizeof(packet);
        }
        transmit(buffer, end);
        mic.sent += urb->packets;
}

static void stream_end(void)
{
        if (mic.streaming)
                printf("%u packets, %u missed\n", mic.sent, mic.missed);
        mic.streaming = false;
        mic.sent = mic.missed = 0;
}

static void control_get_descriptor(uint32_t seqnum, uint16_t value, size_t length)
{
        const void *data;
        size_t size;

        switch (value) {
        case USB_DT_DEVICE << 8: data = &device, size = sizeof(device); break;
        case USB_DT_CONFIG << 8: data = configuration, size = sizeof(configuration); break;
        case USB_DT_STRING << 8: data = languages, size = sizeof(languages); break;
        case USB_DT_STRING << 8 | 1: data = serial, size = sizeof(serial); break;
        default: answer_control(seqnum, -EPIPE, NULL, 0); return;
        }
        answer_control(seqnum, 0, data, size < length ? size : length);
}

static void control(uint32_t seqnum, const struct usb_ctrlrequest *setup)
{
        static const uint8_t status[2], configured = 1;
        uint16_t value = le16toh(setup->wValue), length = le16toh(setup->wLength);

        switch (setup->bRequestType << 8 | setup->bRequest) {
        case (USB_DIR_IN << 8) | USB_REQ_GET_DESCRIPTOR:
                control_get_descriptor(seqnum, value, length);
                break;
        case (USB_DIR_IN << 8) | USB_REQ_GET_CONFIGURATION:
                answer_control(seqnum, 0, &configured, 1);
                break;
        case ((USB_DIR_IN | USB_RECIP_INTERFACE) << 8) | USB_REQ_GET_INTERFACE:
                answer_control(seqnum, 0, &mic.alternate, 1);
                break;
        case (USB_DIR_IN << 8) | USB_REQ_GET_STATUS:
                answer_control(seqnum, 0, status, sizeof(status));
                break;
        case (USB_RECIP_INTERFACE << 8) | USB_REQ_SET_INTERFACE:
                mic.alternate = (uint8_t)value;
                stream_end();
                answer_control(seqnum, 0, NULL, 0);
                break;
        case USB_REQ_SET_CONFIGURATION: answer_control(seqnum, 0, NULL, 0); break;
        default: answer_control(seqnum, -EPIPE, NULL, 0);
        }
}

static void submit(const struct message *command)
{
        struct usb_ctrlrequest setup;
        struct urb *urb = &mic.urbs[mic.n_urbs];
        uint64_t now = now_ns(), late;

        if (!command->ep) {
                memcpy(&setup, command->setup, sizeof(setup));
                control(be32toh(command->seqnum), &setup);
                return;
        }

        urb->seqnum = be32toh(command->seqnum);
        urb->packets = be32toh(command->words[PACKETS]);
        if (mic.n_urbs == URBS_MAX || urb->packets > PACKETS_MAX)
                abort();
        receive(urb->packet, urb->packets * sizeof(urb->packet[0]));

        if (!mic.streaming)
                mic.due_ns = now;
        mic.streaming = true;
        if (!mic.n_urbs && now > mic.due_ns) {
                late = (now - mic.due_ns + mic.packet_ns - 1) / mic.packet_ns;
                mic.missed += (unsigned)late;
                mic.due_ns += late * mic.packet_ns;
        }
        mic.n_urbs++;
}

static void urb_remove(size_t i)
{
        mic.n_urbs--;
        memmove(&mic.urbs[i], &mic.urbs[i + 1], (mic.n_urbs - i) * sizeof(mic.urbs[0]));
}

static void unlink_urb(const struct message *command)
{
        struct message answer;
        int status = 0;

        for (size_t i = 0; i < mic.n_urbs; i++)
                if (mic.urbs[i].seqnum == be32toh(command->words[0])) {
                        urb_remove(i);
                        status = -ECONNRESET;
                        break;
                }
        answer_begin(&answer, RET_UNLINK, be32toh(command->seqnum), status);
        transmit(&answer, sizeof(answer));
}

static void serve(void)
{
        struct message command;
        struct pollfd readable = { .fd = mic.fd, .events = POLLIN };
        struct timespec wait;
        uint64_t now, end;

        for (;;) {
                now = now_ns();
                end = mic.n_urbs ? mic.due_ns + mic.urbs[0].packets * mic.packet_ns : UINT64_MAX;
                if (end <= now) {
                        answer_urb(&mic.urbs[0]);
                        urb_remove(0);
                        mic.due_ns = end;
                        continue;
                }
                wait.tv_sec = (time_t)((end - now) / 1000000000);
                wait.tv_nsec = (long)((end - now) % 1000000000);
                if (ppoll(&readable, 1, mic.n_urbs ? &wait : NULL, NULL) <= 0)
                        continue;

                receive(&command, sizeof(command));
                if (be32toh(command.command) == CMD_SUBMIT)
                        submit(&command);
                else
                        unlink_urb(&command);
        }
}

static void describe(const struct kind *kind)
{
        mic.packet_ns = kind->packet_ns;
        mic.packet_size = FRAME_SIZE * FRAMES_PER_SECOND / (1000000000 / kind->packet_ns);
        device.bcdUSB = htole16(kind->usb_version);
        device.idVendor = htole16(0x1209); /* pid.codes, of which 0001 is for tests */
        device.idProduct = htole16(0x0001);
        configuration[ENDPOINT_OFFSET + 4] = (uint8_t)mic.packet_size;
        configuration[ENDPOINT_OFFSET + 6] = kind->interval;
}

static int attach(const struct kind *kind)
{
        int pair[2];
        FILE *file = fopen("/sys/devices/platform/vhci_hcd.0/attach", "w");

        if (!file || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
                return -errno;
        fprintf(file, "0 %d 1 %d", pair[1], kind->speed);
        if (fclose(file))
                return -errno;
        close(pair[1]);
        mic.fd = pair[0];
        return 0;
}

int main(int argc, char **argv)
{
        const struct kind *kind = NULL;

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (argc == 2 && !strcmp(argv[1], kinds[i].name))
                        kind = &kinds[i];
        if (!kind) {
                fprintf(stderr, "Usage: microphone full|high|fast\n");
                return 2;
        }

        setvbuf(stdout, NULL, _IOLBF, 0);
        describe(kind);
        if (attach(kind) < 0) {
                perror("vhci_hcd");
                return 1;
        }
        serve();
}
