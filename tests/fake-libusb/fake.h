#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the fake libusb: one device made of code for the whole process, and what each
 * part of the library needs of the others. Everything here is protected by fake.lock, which is not
 * held while a callback of the program runs (other than the log's, which must not call back).
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/time.h>
#include <sys/types.h>

#pragma GCC visibility push(default)
#include <libusb.h>
#pragma GCC visibility pop

#include "fake-libusb/options.h"
#include "util/macro.h"

/* What the program sees of the pattern: byte i of every 64 KiB is (i ^ i >> 8), low 8 bits. */
#define PATTERN_SIZE 65536u

/* usbfs takes no control transfer with more data than this. */
#define CONTROL_DATA_MAX 4096u

/* Interfaces that usbfs can claim. */
#define INTERFACES_MAX 32u

/* The largest configuration a hostile variant builds. */
#define MODEL_INTERFACES_MAX 40u
#define MODEL_ALTS_MAX       3u
#define MODEL_ENDPOINTS_MAX  10u
#define MODEL_CONFIGURATIONS 2u

#define NSEC_PER_SEC  UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_USEC UINT64_C(1000)

/* What an endpoint does with a transfer. */
enum behaviour {
        BEHAVIOUR_NONE,     /* no such endpoint in the active alternate settings */
        BEHAVIOUR_CONTROL,  /* endpoint 0: standard requests and the vendor requests of control.c */
        BEHAVIOUR_SOURCE,   /* IN: the running pattern, as much as is asked */
        BEHAVIOUR_SINK,     /* OUT: compares with the running pattern */
        BEHAVIOUR_NAK,      /* never completes by itself */
        BEHAVIOUR_SEQUENCE, /* IN: one numbered packet at a time, at the rate */
        BEHAVIOUR_COUNT,    /* OUT: checks that the packets' numbers have no gap, at the rate */
        BEHAVIOUR_BABBLE,   /* IN: overflow */
        BEHAVIOUR_SHORT,    /* IN: half of what is asked */
};

struct transfers;

/* One transfer: the public part comes last because its packet descriptors follow it. */
struct transfer {
        TAILQ_ENTRY(transfer) link;
        struct transfers *list; /* where it is submitted, or NULL */
        uint64_t due;           /* CLOCK_MONOTONIC in ns; 0 = at the next round */
        uint64_t generation;    /* of the libusb_init() it was allocated under */
        uint32_t stream_id;
        int forced; /* status decided before the endpoint has its say, or -1 */
        int packets_max;
        bool cancelled;
        struct libusb_transfer public;
};

struct transfers {
        TAILQ_HEAD(transfer_list, transfer) head;
        size_t count;
};

struct libusb_device {
        struct libusb_context *context;
        long references;
        bool wrapped; /* made from a descriptor: bus and port are unknown, as under a sandbox */
};

struct libusb_device_handle {
        struct libusb_device *device;
        bool auto_detach;
};

struct libusb_context {
        struct libusb_device device;
        struct libusb_device wrapped;
        struct transfers ready;   /* complete in the next round */
        struct transfers waiting; /* complete when they are due; sorted */
        struct transfers naked;   /* complete when cancelled */
        int event_fd;             /* libusb_interrupt_event_handler() */
        int timer_fd;
        int device_fd;  /* readable while ready is not empty; the program knows it while a
                           handle is open and the device is there */
        bool signalled; /* device_fd is readable */
        bool interrupted;
        bool in_round;
        bool disconnect_told;
        bool discovery;
        unsigned int users; /* more than one only for the default context */
        unsigned int handles;
        uint64_t timer_next; /* when timer_fd fires, 0 = never */
        uint64_t timer_interval;
        pthread_mutex_t event_lock;
        pthread_t event_thread;
        bool event_thread_set;
        int log_level;
        libusb_log_cb log;
        libusb_pollfd_added_cb fd_added;
        libusb_pollfd_removed_cb fd_removed;
        void *fd_user_data;
};

struct model_endpoint {
        uint8_t address;
        uint8_t attributes;
        uint16_t packet;
        uint8_t interval;
};

struct model_alt {
        uint8_t interface;
        uint8_t alt;
        uint8_t n_endpoints;
        struct model_endpoint endpoints[MODEL_ENDPOINTS_MAX];
};

struct model_interface {
        uint8_t n_alts;
        struct model_alt alts[MODEL_ALTS_MAX];
};

struct model_configuration {
        uint8_t value;
        uint8_t n_interfaces;
        struct model_interface interfaces[MODEL_INTERFACES_MAX];
};

/* The device's descriptors, before they become libusb's trees or raw bytes. */
struct model {
        struct libusb_device_descriptor device;
        bool companions;     /* each endpoint has a SuperSpeed companion */
        uint8_t stream_bits; /* bulk endpoints have 1 << stream_bits streams; 0: none */
        struct model_configuration configurations[MODEL_CONFIGURATIONS];
};

struct endpoint {
        enum behaviour behaviour;
        uint8_t address;
        uint8_t type; /* enum libusb_endpoint_transfer_type */
        uint8_t interface;
        bool halted;
        bool numbered; /* COUNT: the first packet has been seen */
        uint16_t packet;
        uint32_t streams;
        uint32_t sequence;
        uint64_t offset; /* of the running pattern */
        uint64_t next;   /* when the next packet may move */
        uint64_t completions;
};

struct device {
        struct model model;
        bool gone;
        uint8_t configuration;
        uint8_t alt[INTERFACES_MAX];
        bool driver[INTERFACES_MAX]; /* a kernel driver is bound */
        struct libusb_device_handle *claimed[INTERFACES_MAX];
        struct endpoint endpoints[INTERFACES_MAX]; /* by endpoint_index() */
        uint8_t written[CONTROL_DATA_MAX];         /* what the last vendor request wrote */
        size_t n_written;
};

/* What the report says: counted since libusb_init(). "misuse" is what libusb forbids. */
#define COUNTERS(C)                                                                                \
        C(submitted, "submitted")                                                                  \
        C(completed, "completed")                                                                  \
        C(cancelled, "cancelled")                                                                  \
        C(failed, "failed")                                                                        \
        C(in_flight, "in-flight")                                                                  \
        C(bytes_in, "bytes-in")                                                                    \
        C(bytes_out, "bytes-out")                                                                  \
        C(mismatches, "pattern-mismatches")                                                        \
        C(gaps, "sequence-gaps")                                                                   \
        C(underruns, "underruns")                                                                  \
        C(zero_packets, "zero-packets")                                                            \
        C(halts_cleared, "halts-cleared")                                                          \
        C(resets, "resets")                                                                        \
        C(streams_lost, "streams-lost")                                                            \
        C(set_configurations, "set-configuration-calls")                                           \
        C(set_alts, "set-alt-setting-calls")                                                       \
        C(open_handles, "open-handles")                                                            \
        C(leaked_transfers, "leaked-transfers")                                                    \
        C(leaked_descriptors, "leaked-descriptors")                                                \
        C(leaked_memory, "leaked-device-memory")                                                   \
        C(misuse, "misuse")

struct counters {
#define C(field, name) uint64_t field;
        COUNTERS(C)
#undef C
};

struct fake {
        pthread_mutex_t lock;
        struct options options;
        struct device device;
        struct counters counters;
        uint64_t calls[FUNCTION_COUNT];
        uint64_t allocations;
        uint64_t bytes_in_flight;
        uint64_t random;
        uint64_t generation;
        unsigned int contexts;
        struct libusb_context *default_context;
        uint8_t pattern[2 * PATTERN_SIZE]; /* twice, so that any 64 KiB are one copy */
};

extern struct fake fake;

/* context.c */
struct libusb_context *context_get(struct libusb_context *context);
void misuse(struct libusb_context *context, const char *format, ...) PRINTF(2, 3);

/* fault.c */
int fault_check(enum function function);
int fault_status(const struct endpoint *endpoint);
uint32_t random_below(uint32_t limit);

/* model.c */
void model_build(struct model *model, const struct options *options);
const struct model_configuration *model_configuration(const struct model *model, uint8_t value);
const struct model_alt *model_alt(const struct model_configuration *configuration,
                                  uint8_t interface, uint8_t alt);

/* raw.c: the bytes as the device sends them. At most size are written; returns the full length. */
size_t raw_companion(const struct model *model, uint8_t attributes, uint8_t *buffer, size_t size);
size_t raw_descriptor(const struct model *model, uint16_t which, uint8_t *buffer, size_t size);

/* device.c */
bool device_has_interface(const struct device *device, int interface);
void device_set_configuration(struct device *device, uint8_t value);
void device_set_alt(struct device *device, uint8_t interface, uint8_t alt);
void device_reset(struct device *device);
void device_unplug(struct libusb_context *context);

/* endpoint.c */
size_t endpoint_index(uint8_t address);
struct endpoint *endpoint_find(uint8_t address);
void endpoint_start(struct endpoint *endpoint, const struct model_endpoint *row, uint8_t interface);
uint64_t endpoint_period(const struct endpoint *endpoint, const struct transfer *transfer);
bool endpoint_plan(struct endpoint *endpoint, struct transfer *transfer);
enum libusb_transfer_status endpoint_complete(struct endpoint *endpoint, struct transfer *transfer);

/* control.c */
bool control_never_answers(const struct libusb_transfer *transfer);
enum libusb_transfer_status control_complete(struct libusb_transfer *transfer);

/* transfer.c */
struct transfer *transfer_of(struct libusb_transfer *public);
void transfer_move(struct transfer *transfer, struct transfers *list);
void transfer_finish(struct transfer *transfer);
void transfers_init(struct transfers *list);
typedef bool (*transfer_match)(const struct transfer *transfer, const void *what);
void transfers_force(struct libusb_context *context, int status, transfer_match match,
                     const void *what);

/* events.c */
uint64_t now_ns(void);
void events_signal(struct libusb_context *context);
void events_quiet(struct libusb_context *context);
void events_arm(struct libusb_context *context);
int events_handle(struct libusb_context *context, const struct timeval *timeout, int *completed);
bool events_here(const struct libusb_context *context);

/* report.c */
void report_write(void);

static inline void fake_lock(void)
{
        pthread_mutex_lock(&fake.lock);
}

static inline void fake_unlock(void)
{
        pthread_mutex_unlock(&fake.lock);
}
