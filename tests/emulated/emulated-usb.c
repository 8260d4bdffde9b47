/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * emulated-usb: runs a command in a world with emulated USB devices, tells what happens to them,
 * and writes down how they were left. The emulation lives in threads; the main thread waits, for
 * signals, commands, and the time of the unplugging, with all signals blocked since before there
 * were threads, so that nothing ends this process before umockdev's directory is removed.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "emulated/channel.h"
#include "emulated/control.h"
#include "emulated/world.h"
#include "util/macro.h"

enum { EXIT_USAGE = 2, EXIT_CANNOT = 125, FAULTS_MAX = 16, CLOSE_DEADLINE_MS = 2000 };

struct options {
        struct world_plug plug;
        const char *faults[FAULTS_MAX];
        size_t faults_count;
        long unplug_after_ms; /* -1: not by time */
        const char *report;
        const char *control, *answers; /* FIFOs; NULL: one device, from the beginning */
        char **command;                /* ends with NULL; with control it may be empty */
};

/* What the main thread waits for. */
struct wait {
        int signals;
        sigset_t original; /* for the command */
        pid_t child;       /* 0: none, or ended */
        int code;          /* the child's exit code, as a shell would tell it */
        int64_t unplug_at; /* -1: not by time */
};

static const char help[] =
        "Usage: emulated-usb [OPTION]... -- COMMAND [ARGUMENT]...\n"
        "       emulated-usb --control FIFO --answers FIFO [-- COMMAND [ARGUMENT]...]\n"
        "\n"
        "Runs COMMAND where one emulated USB device is plugged in as 1-1, tells on standard\n"
        "error what happens to it, and exits with COMMAND's code.\n"
        "\n"
        "  --device KIND          stick, 1209:0001 (default); gadget, 1209:0002, with loopback\n"
        "                         and interrupt endpoints; reader, 1209:0003; keyboard,\n"
        "                         1209:0004; composite, 1209:0005, which is both\n"
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
        "  --control FIFO         nothing is plugged in; take commands, one a line, until quit,\n"
        "                         SIGTERM, or the end of COMMAND, if there is one\n"
        "  --answers FIFO         where each command is answered, by a line \"ok ...\" or\n"
        "                         \"error ...\"\n"
        "  --help                 this text\n"
        "\n"
        "Commands:\n" CONTROL_HELP "\n"
        "Exit status: COMMAND's, 128 + signal; 2 for wrong usage; 125 if the device cannot be\n"
        "emulated; 127 if COMMAND cannot be run.\n";

static int usage_error(const char *text, const char *argument)
{
        fprintf(stderr, "emulated-usb: %s%s%s\nTry \"emulated-usb --help\".\n", text,
                argument ? ": " : "", argument ? argument : "");
        return -EINVAL;
}

static int parse_device(struct options *options, const char *name)
{
        for (size_t i = 0; world_kind(i); i++)
                if (strcmp(world_kind(i), name) == 0) {
                        options->plug.kind = name;
                        return 0;
                }
        return usage_error("no such device", name);
}

static int parse_milliseconds(struct options *options, const char *text)
{
        char *end;

        errno = 0;
        options->unplug_after_ms = strtol(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || options->unplug_after_ms > INT32_MAX)
                return usage_error("not a number of milliseconds", text);
        return 0;
}

static int parse_option(struct options *options, int option)
{
        switch (option) {
        case 'd': return parse_device(options, optarg);
        case 'i': options->plug.image = optarg; return 0;
        case 's':
                options->plug.speed =
                        strcmp(optarg, "super") == 0 ? USB_SPEED_SUPER : USB_SPEED_HIGH;
                if (options->plug.speed == USB_SPEED_HIGH && strcmp(optarg, "high") != 0)
                        return usage_error("no such speed", optarg);
                return 0;
        case 'f':
                if (options->faults_count == FAULTS_MAX)
                        return usage_error("too many faults", optarg);
                options->faults[options->faults_count++] = optarg;
                return 0;
        case 'u': return parse_milliseconds(options, optarg);
        case 'r': options->report = optarg; return 0;
        case 'c': options->control = optarg; return 0;
        case 'a': options->answers = optarg; return 0;
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
                { "control", required_argument, NULL, 'c' },
                { "answers", required_argument, NULL, 'a' },
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
        if (!options->control != !options->answers)
                return usage_error("--control and --answers need each other", NULL);
        return *options->command || options->control ? 0 : usage_error("no COMMAND", NULL);
}

static void print_event(const char *port, const char *text)
{
        fprintf(stderr, "emulated-usb: %s\n", text);
}

static void print_event_of_port(const char *port, const char *text)
{
        fprintf(stderr, "emulated-usb: %s: %s\n", port, text);
}

static int start_command(struct wait *wait, char **command)
{
        pid_t parent = getpid(), child;

        child = fork();
        if (child < 0)
                return -errno;
        if (child > 0) {
                wait->child = child;
                return 0;
        }
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
                _exit(EXIT_CANNOT);
        sigprocmask(SIG_SETMASK, &wait->original, NULL);
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

static bool look_for_child(struct wait *wait)
{
        int status;

        if (wait->child == 0 || waitpid(wait->child, &status, WNOHANG) != wait->child)
                return false;
        wait->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        wait->child = 0;
        return true;
}

/* The next signal that has come, 0 for none. */
static int next_signal(struct wait *wait)
{
        struct signalfd_siginfo info;

        return read(wait->signals, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Until the command has ended. */
static void supervise(struct world *world, struct wait *wait)
{
        struct pollfd poll_signals = { .fd = wait->signals, .events = POLLIN };
        int signal;

        while (!look_for_child(wait)) {
                bool due = wait->unplug_at >= 0 && now_ms() >= wait->unplug_at;

                if (due) {
                        world_unplug(world, "1-1");
                        wait->unplug_at = -1;
                }
                poll(&poll_signals, 1,
                     wait->unplug_at >= 0 ? (int)MAX(wait->unplug_at - now_ms(), 0) : -1);
                while ((signal = next_signal(wait)) > 0) {
                        if (signal == SIGUSR1)
                                world_unplug(world, "1-1");
                        else if (signal != SIGCHLD)
                                kill(wait->child, signal);
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

static int run_with_device(const struct options *options, struct wait *wait)
{
        CLEANUP(world_freep) struct world *world = NULL;
        struct emulated_device *device;
        int r;

        r = world_new(&world, false, print_event);
        if (r == 0)
                r = world_plug(world, &options->plug);
        if (r < 0) {
                fprintf(stderr, "emulated-usb: cannot make the device: %s\n", strerror(-r));
                return EXIT_CANNOT;
        }
        device = world_device(world, options->plug.port);
        for (size_t i = 0; i < options->faults_count; i++)
                if (emulated_fail_text(device, options->faults[i]) < 0) {
                        usage_error("wrong fault", options->faults[i]);
                        return EXIT_USAGE;
                }
        if (options->unplug_after_ms >= 0)
                wait->unplug_at = now_ms() + options->unplug_after_ms;
        if (start_command(wait, options->command) < 0)
                return EXIT_CANNOT;
        supervise(world, wait);
        if (!emulated_wait_closed(device, CLOSE_DEADLINE_MS))
                fprintf(stderr, "emulated-usb: the device is still open after COMMAND ended\n");
        if (options->report && write_report(device, options->report, wait->code) < 0)
                return EXIT_CANNOT;
        return wait->code;
}

/* False: the end, by a signal or the command's. */
static bool obey_signals(struct wait *wait, bool has_command)
{
        bool ends = false;
        int signal;

        while ((signal = next_signal(wait)) > 0) {
                if (signal == SIGCHLD)
                        ends = ends || (look_for_child(wait) && has_command);
                else if (signal != SIGUSR1)
                        ends = true;
        }
        return !ends;
}

static void obey_commands(struct control *control, struct channel *channel, struct wait *wait,
                          bool has_command)
{
        do {
                int wait_ms;
                const char *text = control_run(control, &wait_ms);
                struct pollfd polls[] = {
                        { .fd = wait->signals, .events = POLLIN },
                        /* While a command is under way, the next one has to wait. */
                        { .fd = wait_ms < 0 ? channel->in : -1, .events = POLLIN },
                };
                char *line;

                if (text && channel_write(channel, text) < 0)
                        fprintf(stderr, "emulated-usb: nobody reads the answers\n");
                if (control_is_over(control))
                        return;
                line = wait_ms < 0 ? channel_read(channel) : NULL;
                if (line)
                        control_begin(control, line);
                else
                        poll(polls, ELEMENTS(polls), wait_ms);
        } while (obey_signals(wait, has_command));
}

static int run_with_control(const struct options *options, struct wait *wait)
{
        CLEANUP(world_freep) struct world *world = NULL;
        CLEANUP(control_freep) struct control *control = NULL;
        struct channel channel;
        bool has_command = *options->command != NULL;
        int r;

        r = channel_open(&channel, options->control, options->answers);
        if (r < 0) {
                fprintf(stderr, "emulated-usb: cannot open the FIFOs %s and %s: %s\n",
                        options->control, options->answers, strerror(-r));
                channel_close(&channel);
                return EXIT_CANNOT;
        }
        r = world_new(&world, true, print_event_of_port);
        if (r == 0)
                r = control_new(&control, world);
        if (r == 0 && has_command)
                r = start_command(wait, options->command);
        if (r == 0)
                obey_commands(control, &channel, wait, has_command);
        else
                fprintf(stderr, "emulated-usb: cannot make the world: %s\n", strerror(-r));
        if (wait->child > 0) {
                kill(wait->child, SIGTERM);
                supervise(world, wait);
        }
        channel_close(&channel);
        return r < 0 ? EXIT_CANNOT : wait->code;
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
        const int wait_for[] = { SIGCHLD, SIGUSR1, SIGTERM, SIGINT, SIGHUP };
        struct options options = {
                .plug = { .kind = "stick", .port = "1-1" },
                .unplug_after_ms = -1,
        };
        struct wait wait = { .signals = -1, .unplug_at = -1 };
        sigset_t signals;
        int code;

        if (parse_arguments(&options, argc, argv) < 0)
                return EXIT_USAGE;
        if (!testbed_is_possible())
                return start_again(argv, argc);
        unsetenv("EMULATED_USB_WRAPPED");
        sigemptyset(&signals);
        for (size_t i = 0; i < ELEMENTS(wait_for); i++)
                sigaddset(&signals, wait_for[i]);
        sigprocmask(SIG_BLOCK, &signals, &wait.original);
        wait.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (wait.signals < 0)
                return EXIT_CANNOT;
        code = options.control ? run_with_control(&options, &wait)
                               : run_with_device(&options, &wait);
        close(wait.signals);
        return code;
}
