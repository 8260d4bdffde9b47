/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of errors and statuses. The names are libusb's interface; the sentences are ours.
 */
#include "fake-libusb/fake.h"

#define ERRORS(E)                                                                                  \
        E(IO, "the transfer went wrong on the wire")                                               \
        E(INVALID_PARAM, "an argument makes no sense")                                             \
        E(ACCESS, "not permitted")                                                                 \
        E(NO_DEVICE, "the device is gone")                                                         \
        E(NOT_FOUND, "there is no such thing")                                                     \
        E(BUSY, "somebody else uses it")                                                           \
        E(TIMEOUT, "it took too long")                                                             \
        E(OVERFLOW, "more data than there is room for")                                            \
        E(PIPE, "the endpoint is stalled")                                                         \
        E(INTERRUPTED, "a signal came first")                                                      \
        E(NO_MEM, "no memory left")                                                                \
        E(NOT_SUPPORTED, "not supported here")                                                     \
        E(OTHER, "something else failed")

#define STATUSES(S)                                                                                \
        S(ERROR)                                                                                   \
        S(TIMED_OUT)                                                                               \
        S(CANCELLED)                                                                               \
        S(STALL)                                                                                   \
        S(NO_DEVICE)                                                                               \
        S(OVERFLOW)

const char *libusb_error_name(int code)
{
        switch (code) {
        case LIBUSB_SUCCESS: return "LIBUSB_SUCCESS / LIBUSB_TRANSFER_COMPLETED";
#define E(name, text)                                                                              \
        case LIBUSB_ERROR_##name: return "LIBUSB_ERROR_" #name;
                ERRORS(E)
#undef E
#define S(name)                                                                                    \
        case LIBUSB_TRANSFER_##name: return "LIBUSB_TRANSFER_" #name;
                STATUSES(S)
#undef S
        default: return "**UNKNOWN**";
        }
}

const char *libusb_strerror(int code)
{
        switch (code) {
        case LIBUSB_SUCCESS: return "Success";
#define E(name, text)                                                                              \
        case LIBUSB_ERROR_##name: return text;
                ERRORS(E)
#undef E
        default: return "an unknown error";
        }
}
