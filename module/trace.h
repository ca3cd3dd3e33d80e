/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pagefold

#if !defined(PAGEFOLD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PAGEFOLD_TRACE_H

#include <linux/tracepoint.h>

/* Something happened to one page frame. */
DECLARE_EVENT_CLASS(pagefold_pfn,
	TP_PROTO(unsigned long pfn),
	TP_ARGS(pfn),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
	),
	TP_printk("pfn=%lu", __entry->pfn)
);

DEFINE_EVENT(pagefold_pfn, pagefold_candidate,
	TP_PROTO(unsigned long pfn), TP_ARGS(pfn));
DEFINE_EVENT(pagefold_pfn, pagefold_frame_made,
	TP_PROTO(unsigned long pfn), TP_ARGS(pfn));
DEFINE_EVENT(pagefold_pfn, pagefold_frame_adopted,
	TP_PROTO(unsigned long pfn), TP_ARGS(pfn));
DEFINE_EVENT(pagefold_pfn, pagefold_frame_pruned,
	TP_PROTO(unsigned long pfn), TP_ARGS(pfn));

TRACE_EVENT(pagefold_fingerprinted,
	TP_PROTO(unsigned long pfn, u64 fingerprint),
	TP_ARGS(pfn, fingerprint),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(u64, fingerprint)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->fingerprint = fingerprint;
	),
	TP_printk("pfn=%lu fingerprint=%016llx", __entry->pfn,
		  __entry->fingerprint)
);

/* frame=0 is the kernel's zero page */
TRACE_EVENT(pagefold_folded,
	TP_PROTO(unsigned long pfn, unsigned long frame, unsigned int folded,
		 unsigned int pinned, unsigned int changed,
		 unsigned int refused),
	TP_ARGS(pfn, frame, folded, pinned, changed, refused),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned long, frame)
		__field(unsigned int, folded)
		__field(unsigned int, pinned)
		__field(unsigned int, changed)
		__field(unsigned int, refused)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->frame = frame;
		__entry->folded = folded;
		__entry->pinned = pinned;
		__entry->changed = changed;
		__entry->refused = refused;
	),
	TP_printk("pfn=%lu frame=%lu folded=%u pinned=%u changed=%u refused=%u",
		  __entry->pfn, __entry->frame, __entry->folded,
		  __entry->pinned, __entry->changed, __entry->refused)
);

TRACE_EVENT(pagefold_unshared,
	TP_PROTO(unsigned long address, unsigned int fault),
	TP_ARGS(address, fault),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned int, fault)
	),
	TP_fast_assign(
		__entry->address = address;
		__entry->fault = fault;
	),
	TP_printk("address=%lx fault=%x", __entry->address, __entry->fault)
);

TRACE_EVENT(pagefold_scrub_mismatch,
	TP_PROTO(unsigned long pfn, int mappings),
	TP_ARGS(pfn, mappings),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(int, mappings)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->mappings = mappings;
	),
	TP_printk("pfn=%lx mappings=%d", __entry->pfn, __entry->mappings)
);

/* One hold of an mmap lock. */
TRACE_EVENT(pagefold_visited,
	TP_PROTO(unsigned long address, unsigned int visited,
		 unsigned int written, unsigned int settled),
	TP_ARGS(address, visited, written, settled),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned int, visited)
		__field(unsigned int, written)
		__field(unsigned int, settled)
	),
	TP_fast_assign(
		__entry->address = address;
		__entry->visited = visited;
		__entry->written = written;
		__entry->settled = settled;
	),
	TP_printk("address=%lx visited=%u written=%u settled=%u",
		  __entry->address, __entry->visited, __entry->written,
		  __entry->settled)
);

TRACE_EVENT(pagefold_pass,
	TP_PROTO(unsigned int pass, u64 visited, u64 news, unsigned int rest_ms),
	TP_ARGS(pass, visited, news, rest_ms),
	TP_STRUCT__entry(
		__field(unsigned int, pass)
		__field(u64, visited)
		__field(u64, news)
		__field(unsigned int, rest_ms)
	),
	TP_fast_assign(
		__entry->pass = pass;
		__entry->visited = visited;
		__entry->news = news;
		__entry->rest_ms = rest_ms;
	),
	TP_printk("pass=%u visited=%llu news=%llu rest_ms=%u", __entry->pass,
		  __entry->visited, __entry->news, __entry->rest_ms)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
