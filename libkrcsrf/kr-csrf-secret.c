/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Memory for secrets: not in core dumps, wiped when it goes. */
#include "config.h"

#include "kr-csrf-secret-private.h"

#include <gnutls/gnutls.h>
#include <sys/mman.h>

/* Whole pages, since the kernel knows nothing smaller; zeroed. With @wipe_on_fork a child finds them zeroed as well. */
gpointer
kr_csrf_secret_alloc (gsize size, gboolean wipe_on_fork)
{
  gpointer memory = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (memory == MAP_FAILED)
    g_error ("Out of memory: %" G_GSIZE_FORMAT " bytes", size);
  /* Both are more than one can ask of every kernel; where they fail, the memory is as good as any other. */
#ifdef MADV_DONTDUMP
  madvise (memory, size, MADV_DONTDUMP);
#endif
#ifdef MADV_WIPEONFORK
  if (wipe_on_fork)
    madvise (memory, size, MADV_WIPEONFORK);
#endif
  return memory;
}

void
kr_csrf_secret_free (gpointer memory, gsize size)
{
  gnutls_memset (memory, 0, size);
  munmap (memory, size);
}
