/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * emulated-usb: runs a command in a world with one emulated USB device, tells what happens to the
 * device, and writes down how it was left. The emulation lives in umockdev's thread; the main
 * thread only waits, for signals and for the time of the unplugging, with all signals blocked, so
 * that nothing ends this process before umockdev's directory is removed.
 */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "emulated/gadget.h"
#include "emulated/stick.h"
#include "emulated/testbed.h"
#include "util/macro.h"

enum { EXIT_USAGE = 2, EXIT_CANNOT = 125, FAULTS_MAX = 16, CLOSE_DEADLINE_MS = 2000 };

struct options {
        bool gadget;
        struct stick_options stick;
        const char *faults[FAULTS_MAX];
        size_t faults_count;
        long unplug_after_ms; /* -1: not by time */
        const char *report;
        char **command;
};

static const char help[] =
        "Usage: emulated-usb [OPTION]... -- COMMAND [ARGUMENT]...\n"
        "\n"
        "Runs COMMAND where one emulated USB device is plugged in as 1-1, tells on standard\n"
        "error what happens to it, and exits with COMMAND's code.\n"
        "\n"
        "  --device stick|gadget  a mass-storage stick, 1209:0001 (default), or a device with\n"
        "                         loopback and interrupt endpoints, 1209:0002\n"
        "  --image FILE           what the stick holds; default: 1 MiB in memory that boots\n"
        "  --speed high|super     of the stick; default: high\n"
        "  --fail NAME=ERRNO[@N[xTIMES]]\n"
        "                         the N-th (1) call of the ioctl NAME fails with ERRNO, and\n"
        "                         TIMES (1; 0: all) calls from there on; NAME may be DISCONNECT,\n"
        "                         CONNECT, or URB or URB-81 for how URBs complete;\n"
        "                         DISCONNECT_CLAIM=EBUSY (libusb's claim with auto-detach),\n"
        "                         CLAIMINTERFACE=EACCES, URB-81=EPIPE@3x2\n"
        "  --unplug-after-ms N    pull the device out; SIGUSR1 does so at any time\n"
        "  --report FILE          write the final state as key=value lines\n"
        "  --help                 this text\n"
        "\n"
        "Exit status: COMMAND's, 128 + signal; 2 for wrong usage; 125 if the device cannot be\n"
        "emulated; 127 if COMMAND cannot be run.\n";

static int usage_error(const char *text, const char *argument)
{
        fprintf(stderr, "emulated-usb: %s%s%s\nTry \"emulated-usb --help\".\n", text,
                argument ? ": " : "", argument ? argument : "");
        return -EINVAL;
}

static bool parse_number(const char *text, const char *stop, unsigned long *ret)
{
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        *ret = strtoul(text, &end, 10);
        if (errno || *ret > INT32_MAX)
                return false;
        return *end == 0 || strchr(stop, *end);
}

static int parse_error_name(const char *name, size_t length)
{
        for (int error = 1; error < 134; error++) {
                const char *known = strerrorname_np(error);

                if (known && strlen(known) == length && strncmp(known, name, length) == 0)
                        return error;
        }
        return -EINVAL;
}

/* NAME=ERRNO[@N[xTIMES]]; with no device only checks. */
static int apply_fault(struct emulated_device *device, const char *fault)
{
        const char *equals = strchr(fault, '='), *at, *times_at;
        unsigned long n = 1, times = 1;
        CLEANUP(freep) char *name = NULL;
        int error;

        if (!equals)
                return -EINVAL;
        name = strndup(fault, (size_t)(equals - fault));
        if (!name)
                return -ENOMEM;
        at = equals + 1 + strcspn(equals + 1, "@");
        error = parse_error_name(equals + 1, (size_t)(at - equals - 1));
        if (error < 0)
                return error;
        if (*at) {
                if (!parse_number(at + 1, "x", &n) || n == 0)
                        return -EINVAL;
                times_at = strchr(at, 'x');
                if (times_at && !parse_number(times_at + 1, "", &times))
                        return -EINVAL;
        }
        return emulated_fail(device, name, error, (unsigned)n - 1, (unsigned)times);
}

static int parse_option(struct options *options, int option)
{
        unsigned long number;

        switch (option) {
        case 'd':
                options->gadget = strcmp(optarg, "gadget") == 0;
                if (!options->gadget && strcmp(optarg, "stick") != 0)
                        return usage_error("no such device", optarg);
                return 0;
        case 'i': options->stick.image = optarg; return 0;
        case 's':
                options->stick.speed =
                        strcmp(optarg, "super") == 0 ? USB_SPEED_SUPER : USB_SPEED_HIGH;
                if (options->stick.speed == USB_SPEED_HIGH && strcmp(optarg, "high") != 0)
                        return usage_error("no such speed", optarg);
                return 0;
        case 'f':
                if (options->faults_count == FAULTS_MAX)
                        return usage_error("too many faults", optarg);
                options->faults[options->faults_count++] = optarg;
                return 0;
        case 'u':
                if (!parse_number(optarg, "", &number))
                        return usage_error("not a number of milliseconds", optarg);
                options->unplug_after_ms = (long)number;
                return 0;
        case 'r': options->report = optarg; return 0;
        case 'h': fputs(help, stdout); exit(EXIT_SUCCESS);
        default: return usage_error("unknown option, or one without its argument", NULL);
        }
}

static int parse_arguments(struct options *options, int argc, char **argv)
{
        static const struct option known[] = {
                { "device", required_argument, NULL, 'd' },
                { "image", required_argument, NULL, 'i' },
                { "speed", required_argument, NULL, 's' },
                { "fail", required_argument, NULL, 'f' },
                { "unplug-after-ms", required_argument, NULL, 'u' },
                { "report", required_argument, NULL, 'r' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "+", known, NULL)) >= 0) {
                int r = parse_option(options, option);

                if (r < 0)
                        return r;
        }
        options->command = argv + optind;
        return *options->command ? 0 : usage_error("no COMMAND", NULL);
}

static void print_event(void *userdata, const char *text)
{
        fprintf(stderr, "emulated-usb: %s\n", text);
}

static pid_t start_command(char **command, const sigset_t *signals)
{
        pid_t parent = getpid(), child;

        child = fork();
        if (child != 0)
                return child < 0 ? -errno : child;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
                _exit(EXIT_CANNOT);
        sigprocmask(SIG_SETMASK, signals, NULL);
        execvp(command[0], command);
        fprintf(stderr, "emulated-usb: cannot run %s: %m\n", command[0]);
        _exit(127);
}

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the command has ended; its exit code as a shell would tell it. */
static int supervise(struct emulated_device *device, const struct options *options, pid_t child,
                     const sigset_t *wait_for)
{
        int64_t unplug_at =
                options->unplug_after_ms >= 0 ? now_ms() + options->unplug_after_ms : -1;

        for (;;) {
                int64_t left = unplug_at >= 0 ? MAX(unplug_at - now_ms(), 0) : 1000;
                struct timespec timeout = { .tv_sec = left / 1000,
                                            .tv_nsec = left % 1000 * 1000000 };
                int signal = sigtimedwait(wait_for, NULL, &timeout);
                int status;

                if (waitpid(child, &status, WNOHANG) == child)
                        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                if (signal == SIGUSR1 || (unplug_at >= 0 && now_ms() >= unplug_at)) {
                        emulated_unplug(device);
                        unplug_at = -1;
                } else if (signal > 0 && signal != SIGCHLD) {
                        kill(child, signal);
                }
        }
}

static int write_report(struct emulated_device *device, const char *path, int code)
{
        FILE *file = fopen(path, "we");

        if (!file) {
                fprintf(stderr, "emulated-usb: cannot write %s: %m\n", path);
                return -errno;
        }
        emulated_report(device, file);
        fprintf(file, "exit=%d\n", code);
        return fclose(file) == 0 ? 0 : -errno;
}

static int run(struct testbed *testbed, struct emulated_device *device,
               const struct options *options)
{
        sigset_t wait_for, original;
        pid_t child;
        int code, r;

        for (size_t i = 0; i < options->faults_count; i++) {
                r = apply_fault(device, options->faults[i]);
                if (r < 0) {
                        usage_error("wrong fault", options->faults[i]);
                        return EXIT_USAGE;
                }
        }
        sigemptyset(&wait_for);
        for (size_t i = 0; i < 5; i++)
                sigaddset(&wait_for, (int[]){ SIGCHLD, SIGUSR1, SIGTERM, SIGINT, SIGHUP }[i]);
        sigprocmask(SIG_BLOCK, &wait_for, &original);

        emulated_watch(device, print_event, NULL);
        r = testbed_plug(testbed, device, NULL);
        if (r < 0) {
                fprintf(stderr, "emulated-usb: cannot plug the device in: %s\n", strerror(-r));
                return EXIT_CANNOT;
        }
        child = start_command(options->command, &original);
        if (child < 0)
                return EXIT_CANNOT;
        code = supervise(device, options, child, &wait_for);
        if (!emulated_wait_closed(device, CLOSE_DEADLINE_MS))
                fprintf(stderr, "emulated-usb: the device is still open after COMMAND ended\n");
        if (options->report && write_report(device, options->report, code) < 0)
                return EXIT_CANNOT;
        return code;
}

static int run_with_device(const struct options *options)
{
        CLEANUP(stick_freep) struct stick *stick = NULL;
        CLEANUP(gadget_freep) struct gadget *gadget = NULL;
        CLEANUP(testbed_freep) struct testbed *testbed = NULL;
        int r, code;

        r = options->gadget ? gadget_new(&gadget, &(struct gadget_options){ 0 })
                            : stick_new(&stick, &options->stick);
        if (r < 0) {
                fprintf(stderr, "emulated-usb: cannot make the device: %s\n", strerror(-r));
                return EXIT_CANNOT;
        }
        r = testbed_new(&testbed);
        if (r < 0) {
                fprintf(stderr, "emulated-usb: cannot make the testbed: %s\n", strerror(-r));
                return EXIT_CANNOT;
        }
        code = run(testbed, gadget ? gadget_device(gadget) : stick_device(stick), options);
        emulated_watch(gadget ? gadget_device(gadget) : stick_device(stick), NULL, NULL);
        return code;
}

/* Starts this program again under umockdev-wrapper. Returns only if that cannot be found. */
static int start_again(char **argv, int argc)
{
        CLEANUP(freep) char **wrapped = calloc((size_t)argc + 2, sizeof(*wrapped));
        char wrapper[] = "umockdev-wrapper";

        if (!wrapped || getenv("EMULATED_USB_WRAPPED"))
                return EXIT_CANNOT;
        setenv("EMULATED_USB_WRAPPED", "1", 1);
        wrapped[0] = wrapper;
        memcpy(wrapped + 1, argv, (size_t)argc * sizeof(*argv));
        execvp(wrapper, wrapped);
        fprintf(stderr, "emulated-usb: cannot run umockdev-wrapper: %m\n");
        return EXIT_CANNOT;
}

int main(int argc, char **argv)
{
        struct options options = { .unplug_after_ms = -1 };

        if (parse_arguments(&options, argc, argv) < 0)
                return EXIT_USAGE;
        if (!testbed_is_possible())
                return start_again(argv, argc);
        unsetenv("EMULATED_USB_WRAPPED");
        return run_with_device(&options);
}
