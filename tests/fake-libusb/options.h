#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What FAKE_LIBUSB may say: "name=value,name=value". One table; README.md has the same rows, and
 * the self-test compares them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTS_MAX 32u

/* Functions that can be told to fail. */
#define FUNCTIONS(F)                                                                               \
        F(init)                                                                                    \
        F(get_device_list)                                                                         \
        F(open)                                                                                    \
        F(wrap_sys_device)                                                                         \
        F(get_device_descriptor)                                                                   \
        F(get_active_config_descriptor)                                                            \
        F(get_config_descriptor)                                                                   \
        F(get_config_descriptor_by_value)                                                          \
        F(get_ss_endpoint_companion_descriptor)                                                    \
        F(get_configuration)                                                                       \
        F(set_configuration)                                                                       \
        F(claim_interface)                                                                         \
        F(release_interface)                                                                       \
        F(set_interface_alt_setting)                                                               \
        F(clear_halt)                                                                              \
        F(reset_device)                                                                            \
        F(kernel_driver_active)                                                                    \
        F(detach_kernel_driver)                                                                    \
        F(attach_kernel_driver)                                                                    \
        F(set_auto_detach_kernel_driver)                                                           \
        F(alloc_streams)                                                                           \
        F(free_streams)                                                                            \
        F(dev_mem_alloc)                                                                           \
        F(submit_transfer)                                                                         \
        F(cancel_transfer)                                                                         \
        F(handle_events)

enum function {
#define F(name) FUNCTION_##name,
        FUNCTIONS(F)
#undef F
                FUNCTION_COUNT,
};

enum device_kind {
        DEVICE_EVERY,
        DEVICE_BULK,
        DEVICE_INTERRUPT,
        DEVICE_ISO,
        DEVICE_NONE,
};

enum kernel_driver {
        KERNEL_DRIVER_NO,
        KERNEL_DRIVER_YES,
        KERNEL_DRIVER_DETACHED,
};

enum payload {
        PAYLOAD_PATTERN,
        PAYLOAD_NONE,
};

enum cancel_mode {
        CANCEL_NORMAL,
        CANCEL_LATE,
        CANCEL_LOST,
};

/* Lies a device (or a broken libusb) can tell in its descriptors. */
enum hostile {
        HOSTILE_NONE,
        HOSTILE_NULL_INTERFACES,
        HOSTILE_NULL_ALTSETTINGS,
        HOSTILE_NO_ALTSETTINGS,
        HOSTILE_NULL_ENDPOINTS,
        HOSTILE_ZEROED_ENDPOINTS,
        HOSTILE_DUPLICATE_INTERFACES,
        HOSTILE_DUPLICATE_ENDPOINTS,
        HOSTILE_MANY_INTERFACES,
        HOSTILE_HIGH_INTERFACES,
        HOSTILE_ODD_ALTSETTINGS,
        HOSTILE_RESERVED_BITS,
        HOSTILE_PACKET_ZERO,
        HOSTILE_PACKET_MAX,
        HOSTILE_INTERVAL_ZERO,
        HOSTILE_COUNT,
};

/*  name               kind     field          most, or words   form         meaning */
#define OPTIONS(O)                                                                                 \
        O("device", word, device, devices, "every|bulk|interrupt|iso|none",                        \
          "which endpoints it has (`every`); `none`: no interface, and not listed")                \
        O("speed", word, speed, speeds, "unknown|low|full|high|super|super-plus",                  \
          "sets the packet sizes (`high`); streams need `super` or more")                          \
        O("id", id, id, 0, "VVVV:PPPP", "vendor and product, hexadecimal (`1209:0001`)")           \
        O("class", number, device_class, 255, "N", "device class (255); 0: its interfaces tell")   \
        O("bus", number, bus, 255, "N", "bus number of the listed device (1)")                     \
        O("address", number, address, 127, "N", "device address (2)")                              \
        O("configuration", number, configuration, 2, "0|1|2", "at the start (1); 0: unconfigured") \
        O("kernel-driver", word, kernel_driver, kernel_drivers, "yes|no|detached",                 \
          "a kernel driver is bound to each interface (`yes`), or could be and is not")            \
        O("payload", word, payload, payloads, "pattern|none",                                      \
          "fill and compare data (`pattern`), or leave it alone; "                                 \
          "0x84 and 0x86 number their packets anyway")                                             \
        O("rate", number, rate, 1000000, "HZ",                                                     \
          "packets a second of the interrupt and iso endpoints; 0 (the default): as asked")        \
        O("latency-us", number, latency_us, 60000000, "N",                                         \
          "each transfer takes so long; 0 (the default): until the next round")                    \
        O("streams", number, streams, 65533, "N", "streams of each bulk endpoint (16)")            \
        O("memory", number, memory, UINT64_MAX, "BYTES",                                           \
          "more than this in flight is `LIBUSB_ERROR_NO_MEM` (16777216, as usbfs); 0: no limit")   \
        O("fail", fail, n_fails, 0, "FUNCTION:ERROR[@N[xTIMES]]",                                  \
          "the call returns this error: always, at the Nth, or TIMES times from the Nth")          \
        O("fail-alloc", number, fail_alloc, UINT64_MAX, "N",                                       \
          "the Nth `libusb_alloc_transfer()` returns NULL")                                        \
        O("complete", complete, n_completes, 0, "EP:STATUS[@N[xTIMES]]",                           \
          "completions of that endpoint have this status; `STALL` also halts it")                  \
        O("unplug-after", number, unplug_after, UINT64_MAX, "N",                                   \
          "after N submissions the device is gone: the next is NO_DEVICE, those in flight end "    \
          "so, the newest first, as with the kernel")                                              \
        O("cancel", word, cancel, cancels, "normal|late|lost",                                     \
          "`late`: NOT_FOUND, and it completes as if nothing had been; "                           \
          "`lost`: accepted, but completes only with a release, a reset or an unplug")             \
        O("hostile-descriptors", hostile, hostile, 0, "NAME|NUMBER",                               \
          "lies in the descriptors, see below")                                                    \
        O("random", number, random, UINT64_MAX, "SEED",                                            \
          "completions in random order, with random statuses and lengths; 0: off")                 \
        O("timeouts", word, timeouts_by_fd, timeouts, "fd|caller",                                 \
          "`caller`: no timerfd; the program asks `libusb_get_next_timeout()`")                    \
        O("report", word, report_fd, reports, "stderr|none", "where the report goes (`none`)")     \
        O("report-fd", number, report_fd, 1048576, "N", "the report goes to this descriptor")

/* A call or a completion with a made result: the Nth, and so many from there. */
struct fault {
        uint32_t what; /* enum function, or endpoint address */
        int result;    /* enum libusb_error, or enum libusb_transfer_status */
        uint64_t first;
        uint64_t times;
};

/* Numbers and words are all uint64_t, so that one parser serves them. */
struct options {
        uint64_t device;
        uint64_t speed;
        uint64_t id;
        uint64_t device_class;
        uint64_t bus;
        uint64_t address;
        uint64_t configuration;
        uint64_t kernel_driver;
        uint64_t payload;
        uint64_t rate;
        uint64_t latency_us;
        uint64_t streams;
        uint64_t memory;
        uint64_t fail_alloc;
        uint64_t unplug_after;
        uint64_t cancel;
        uint64_t hostile;
        uint64_t random;
        uint64_t timeouts_by_fd;
        uint64_t report_fd;
        uint64_t n_fails;
        uint64_t n_completes;
        struct fault fails[FAULTS_MAX];
        struct fault completes[FAULTS_MAX];
};

#define REPORT_NONE UINT64_MAX

/* Returns 0, or -EINVAL after a line on standard error. */
int options_parse(const char *text, struct options *ret_options);
