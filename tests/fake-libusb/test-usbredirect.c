/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Upstream's usbredirect on the fake: it must find the device, offer it to a guest (this test, in
 * 32-bit ids and without capabilities), serve a bulk read, and give the device back when the guest
 * leaves. Skipped where usbredirect is missing, and under sanitizers, whose library it cannot load.
 */
#include "config.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libgen.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-libusb/bed.h"
#include "sanitized.h"

#define SKIP 77

enum { HELLO = 0, DEVICE_CONNECT = 1, INTERFACE_INFO = 4, EP_INFO = 5, BULK_PACKET = 101 };

struct packet {
        uint32_t type;
        uint32_t length;
        uint32_t id;
        uint8_t body[2048];
};

static int listen_anywhere(uint16_t *ret_port)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct timeval deadline = { .tv_sec = BED_DEADLINE_SEC };
        socklen_t size = sizeof(address);
        int fd;

        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)), 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        *ret_port = ntohs(address.sin_port);
        return fd;
}

/* The fake lies beside this program. */
static void set_library_path(void)
{
        char path[4096];
        ssize_t n;

        n = readlink("/proc/self/exe", path, sizeof(path) - 1);
        if (n < 0)
                _exit(126);
        path[n] = '\0';
        setenv("LD_LIBRARY_PATH", dirname(path), 1);
}

static pid_t start_usbredirect(uint16_t port, int report_fd)
{
        char to[32], options[64];
        pid_t pid;

        snprintf(to, sizeof(to), "127.0.0.1:%u", port);
        snprintf(options, sizeof(options), "report-fd=%d", report_fd);
        pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
                set_library_path();
                setenv("FAKE_LIBUSB", options, 1);
                execlp("usbredirect", "usbredirect", "--device", "1209:0001", "--to", to, NULL);
                _exit(127);
        }
        return pid;
}

static void send_packet(int fd, uint32_t type, uint32_t id, const void *body, uint32_t length)
{
        uint32_t header[3] = { htole32(type), htole32(length), htole32(id) };

        assert_int_equal(send(fd, header, sizeof(header), MSG_NOSIGNAL), sizeof(header));
        assert_int_equal(send(fd, body, length, MSG_NOSIGNAL), length);
}

static void receive(int fd, struct packet *packet)
{
        uint32_t header[3];

        assert_int_equal(recv(fd, header, sizeof(header), MSG_WAITALL), sizeof(header));
        packet->type = le32toh(header[0]);
        packet->length = le32toh(header[1]);
        packet->id = le32toh(header[2]);
        assert_true(packet->length <= sizeof(packet->body));
        assert_int_equal(recv(fd, packet->body, packet->length, MSG_WAITALL), packet->length);
}

/* Ends the program if it does not end by itself. */
static int wait_for_end(pid_t pid)
{
        struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
        int status = -1;

        assert_true(end.fd >= 0);
        if (poll(&end, 1, BED_DEADLINE_SEC * 1000) != 1)
                kill(pid, SIGKILL);
        close(end.fd);
        waitpid(pid, &status, 0);
        return status;
}

static void usbredirect_offers_the_fake_device(void **state)
{
        static const uint8_t hello[68] = "fake-libusb test";
        static const uint8_t read_512[8] = { 0x81, 0, 0x00, 0x02 };
        struct bed bed = { .report_fd = memfd_create("report", 0) };
        int listener, fd, status;
        struct packet packet;
        uint16_t port;
        pid_t pid;
        ssize_t n;

        listener = listen_anywhere(&port);
        pid = start_usbredirect(port, bed.report_fd);
        fd = accept(listener, NULL, NULL);
        assert_true(fd >= 0);
        send_packet(fd, HELLO, 0, hello, sizeof(hello));
        receive(fd, &packet);
        assert_int_equal(packet.type, HELLO);
        receive(fd, &packet);
        assert_int_equal(packet.type, INTERFACE_INFO);
        assert_int_equal(packet.body[0], 2);
        receive(fd, &packet);
        assert_int_equal(packet.type, EP_INFO);
        assert_int_equal(packet.body[16 + 1], LIBUSB_TRANSFER_TYPE_BULK);
        receive(fd, &packet);
        assert_int_equal(packet.type, DEVICE_CONNECT);
        assert_memory_equal(packet.body + 4, "\x09\x12\x01\x00", 4);

        send_packet(fd, BULK_PACKET, 42, read_512, sizeof(read_512));
        receive(fd, &packet);
        assert_int_equal(packet.type, BULK_PACKET);
        assert_int_equal(packet.id, 42);
        assert_int_equal(packet.length, 8 + 512);
        for (uint64_t i = 0; i < 512; i++)
                assert_int_equal(packet.body[8 + i], bed_pattern(i));
        close(fd);
        close(listener);

        status = wait_for_end(pid);
        assert_true(WIFEXITED(status));
        n = pread(bed.report_fd, bed.report, sizeof(bed.report) - 1, 0);
        assert_true(n > 0);
        assert_int_equal(bed_reported(&bed, "completed"), 1);
        assert_int_equal(bed_reported(&bed, "kernel-driver-0"), 1);
        assert_int_equal(bed_reported(&bed, "kernel-driver-1"), 1);
        assert_int_equal(bed_reported(&bed, "misuse"), 0);
        close(bed.report_fd);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(usbredirect_offers_the_fake_device),
        };

#if IS_SANITIZED
        printf("usbredirect cannot load a sanitized library\n");
        return SKIP;
#endif
        if (system("command -v usbredirect >/dev/null 2>&1")) {
                printf("usbredirect is not installed\n");
                return SKIP;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
