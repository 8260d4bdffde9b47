/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One row for each way to differ; a row that is never seen is wrong, too. Where a reader finds the
 * next packet behind a bad one is not compared: we close the connection, upstream goes on.
 */
#include "unit/test.h"

#include "unit/differences.h"

#define ANY PACKET_TYPES

#define NO_STREAMS "bulk streams are for those who announced them; upstream checks other needs only"
#define FIRST      "what a peer says before its hello cannot be understood; upstream guesses"

static struct difference {
        enum deed deed;
        uint32_t type;
        enum packet_fault fault; /* none: we do it */
        enum verdict theirs;
        const char *reason;
        unsigned seen;
} differences[] = {
        { DEED_SEND, PACKET_alloc_bulk_streams, PACKET_FAULT_NOT_CAPABLE, VERDICT_GOOD,
          NO_STREAMS },
        { DEED_SEND, PACKET_free_bulk_streams, PACKET_FAULT_NOT_CAPABLE, VERDICT_GOOD, NO_STREAMS },
        { DEED_SEND, PACKET_bulk_streams_status, PACKET_FAULT_NOT_CAPABLE, VERDICT_GOOD,
          NO_STREAMS },
        { DEED_TAKE, PACKET_alloc_bulk_streams, PACKET_FAULT_NOT_CAPABLE, VERDICT_GOOD,
          NO_STREAMS },
        { DEED_TAKE, PACKET_free_bulk_streams, PACKET_FAULT_NOT_CAPABLE, VERDICT_GOOD, NO_STREAMS },
        { DEED_TAKE, PACKET_bulk_streams_status, PACKET_FAULT_NOT_CAPABLE, VERDICT_GOOD,
          NO_STREAMS },
        { DEED_SEND, PACKET_bulk_packet, PACKET_FAULT_LENGTH, VERDICT_GOOD,
          "a length over 65535 that the peer cannot read; upstream sends its low half" },
        { DEED_SEND, PACKET_bulk_packet, PACKET_FAULT_TRANSFER_LIMIT, VERDICT_GOOD,
          "a length over the limit that the peer cannot read; upstream sends its low half" },
        { DEED_SEND, ANY, PACKET_FAULT_NOT_HELLO, VERDICT_GOOD,
          "before the peer's hello its capabilities are not known; upstream takes them for none" },
        { DEED_TAKE, PACKET_filter_filter, PACKET_FAULT_NONE, VERDICT_NONE,
          "the parser does not read rules; upstream drops an unreadable filter" },
        { DEED_TAKE, ANY, PACKET_FAULT_NOT_HELLO, VERDICT_GOOD, FIRST },
        { DEED_TAKE, PACKET_filter_filter, PACKET_FAULT_NOT_HELLO, VERDICT_NONE, FIRST },
        { DEED_TAKE, PACKET_hello, PACKET_FAULT_CAPS, VERDICT_GOOD,
          "capabilities that are not whole words are no hello; upstream rounds down" },
        { DEED_TAKE, PACKET_hello, PACKET_FAULT_SECOND_HELLO, VERDICT_NONE,
          "a second hello would change the form of packets under way; upstream passes over it" },
};

static unsigned done[2], refused[2];

void differences_judge(enum deed deed, uint32_t type, enum packet_fault fault, enum verdict theirs,
                       const char *message)
{
        static const char *const deeds[] = { "sending", "taking" };
        static const char *const verdicts[] = { "says nothing", "does it", "refuses" };

        if (fault == PACKET_FAULT_NONE && theirs == VERDICT_GOOD) {
                done[deed]++;
                return;
        }
        if (fault != PACKET_FAULT_NONE && theirs == VERDICT_BAD) {
                refused[deed]++;
                return;
        }

        for (size_t i = 0; i < ELEMENTS(differences); i++) {
                struct difference *d = &differences[i];

                if (d->deed == deed && (d->type == ANY || d->type == type) && d->fault == fault &&
                    d->theirs == theirs) {
                        d->seen++;
                        return;
                }
        }

        fail_msg("%s %s (%u): we find %s wrong; upstream %s: %s", deeds[deed],
                 packet_type_string(type), type, packet_fault_string(fault), verdicts[theirs],
                 message);
}

void differences_report(void)
{
        printf("equal to upstream: %u packets sent, %u refused by both; %u taken, %u refused by both\n",
               done[DEED_SEND], refused[DEED_SEND], done[DEED_TAKE], refused[DEED_TAKE]);
        assert_true(done[DEED_SEND] > 1000000 && refused[DEED_SEND] > 100000);
        assert_true(done[DEED_TAKE] > 1000000 && refused[DEED_TAKE] > 100000);

        for (const struct difference *d = differences; d < differences + ELEMENTS(differences);
             d++) {
                printf("differs %u times, %s %s: %s\n", d->seen,
                       d->deed == DEED_SEND ? "sent" : "received",
                       d->type == ANY ? "anything" : packet_type_string(d->type), d->reason);
                assert_true(d->seen > 0);
        }
}
