/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records what the microphone of microphone.c hears, and says what of it is missing:
 *
 *      listen NODE SECONDS
 *
 * An overrun is this program's fault, not that of those before it: it is counted, and the gap that
 * it leaves is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <sound/asound.h>

enum { RATE = 48000, CHANNELS = 2, FRAMES = 960 };

static struct snd_interval *interval(struct snd_pcm_hw_params *params, int name)
{
        return &params->intervals[name - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
}

static void mask_only(struct snd_pcm_hw_params *params, int name, unsigned bit)
{
        struct snd_mask *mask = &params->masks[name - SNDRV_PCM_HW_PARAM_FIRST_MASK];

        memset(mask, 0, sizeof(*mask));
        mask->bits[bit / 32] = 1U << bit % 32;
}

static void interval_only(struct snd_pcm_hw_params *params, int name, unsigned value)
{
        *interval(params, name) = (struct snd_interval){ .min = value, .max = value, .integer = 1 };
}

/* Of what is left open the kernel takes the longest buffer. */
static int set_up(int fd)
{
        struct snd_pcm_hw_params params = { .rmask = UINT32_MAX, .info = UINT32_MAX };

        memset(params.masks, 0xff, sizeof(params.masks));
        for (int name = SNDRV_PCM_HW_PARAM_FIRST_INTERVAL; name <= SNDRV_PCM_HW_PARAM_LAST_INTERVAL;
             name++)
                interval(&params, name)->max = UINT32_MAX;
        mask_only(&params, SNDRV_PCM_HW_PARAM_ACCESS, (unsigned)SNDRV_PCM_ACCESS_RW_INTERLEAVED);
        mask_only(&params, SNDRV_PCM_HW_PARAM_FORMAT, (unsigned)SNDRV_PCM_FORMAT_S16_LE);
        interval_only(&params, SNDRV_PCM_HW_PARAM_CHANNELS, CHANNELS);
        interval_only(&params, SNDRV_PCM_HW_PARAM_RATE, RATE);
        interval(&params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE)->min = FRAMES;

        return ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &params) < 0 ||
                               ioctl(fd, SNDRV_PCM_IOCTL_PREPARE) < 0
                       ? -errno
                       : 0;
}

int main(int argc, char **argv)
{
        uint32_t frames[FRAMES], next = 0;
        struct snd_xferi transfer = { .buf = frames, .frames = FRAMES };
        unsigned long wanted, heard = 0, gaps = 0, lost = 0, overruns = 0;
        bool started = false;
        int fd;

        if (argc != 3) {
                fprintf(stderr, "Usage: listen NODE SECONDS\n");
                return 2;
        }
        wanted = RATE * strtoul(argv[2], NULL, 10);
        fd = open(argv[1], O_RDONLY);
        if (fd < 0 || set_up(fd) < 0) {
                perror(argv[1]);
                return 1;
        }

        while (heard < wanted) {
                if (ioctl(fd, SNDRV_PCM_IOCTL_READI_FRAMES, &transfer) < 0) {
                        if (errno != EPIPE || ioctl(fd, SNDRV_PCM_IOCTL_PREPARE) < 0) {
                                perror(argv[1]);
                                return 1;
                        }
                        overruns++;
                        started = false;
                        continue;
                }
                for (snd_pcm_sframes_t i = 0; i < transfer.result; i++) {
                        if (started && frames[i] != next) {
                                gaps++;
                                lost += frames[i] - next;
                        }
                        started = true;
                        next = frames[i] + 1;
                }
                heard += (unsigned long)transfer.result;
        }
        printf("%lu frames, %lu gaps of %lu frames, %lu overruns\n", heard, gaps, lost, overruns);
        return 0;
}
