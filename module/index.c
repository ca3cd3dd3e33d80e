// SPDX-License-Identifier: GPL-2.0
/*
 * The index: tags by page frame number, and chains of equal fingerprint bits.
 *
 * Lock order: a stripe lock is the innermost lock there is. Never two at once,
 * and nothing is allocated under one.
 *
 * An entry belongs to the stripe that its tag names, so the lock to take is
 * known only from a value read without it. Everything that changes an entry
 * therefore reads the tag, takes that stripe, looks whether the tag is still
 * the same, and starts over when it is not.
 */
#include "chain.h"

/*
 * Unlink @pfn, giving it @tag, which is not linked.
 * Return: false when its tag is not @old any more; nothing was changed.
 */
static bool unlink_if(struct pagefold_index *ix, unsigned long pfn,
		      struct pagefold_entry *entry, u32 old, u32 tag)
{
	spinlock_t *stripe = stripe_of(ix, old);
	bool same;
	u32 *link;

	spin_lock(stripe);
	same = READ_ONCE(entry->tag) == old;
	if (same) {
		link = bucket_of(ix, old);
		while (*link && *link != pfn)
			link = &linked_at(ix, *link)->next;
		if (!WARN_ON_ONCE(!*link))
			cut(ix, link, entry, tag);
		else
			WRITE_ONCE(entry->tag, tag);
	}
	spin_unlock(stripe);
	return same;
}

/* Make @tag, which is not linked, the tag of @pfn. */
static void set_unlinked(struct pagefold_index *ix, unsigned long pfn,
			 struct pagefold_entry *entry, u32 tag)
{
	u32 old;

	for (;;) {
		old = READ_ONCE(entry->tag);
		if (old == tag)
			return;
		if (pagefold_tag_is_linked(old)) {
			if (unlink_if(ix, pfn, entry, old, tag))
				return;
		} else if (cmpxchg(&entry->tag, old, tag) == old) {
			return;
		}
	}
}

/* For take_out(): @entry of @pfn is linked no more. */
void pagefold_index_unlink(struct pagefold_index *ix, unsigned long pfn,
			   struct pagefold_entry *entry)
{
	set_unlinked(ix, pfn, entry, 0);
}

/*
 * Link @pfn, whose tag is @old and not linked.
 * Return: 0, -ENOSPC, or -EAGAIN when its tag is not @old any more.
 */
static int link_if(struct pagefold_index *ix, unsigned long pfn,
		   struct pagefold_entry *entry, u32 old, u32 tag)
{
	spinlock_t *stripe = stripe_of(ix, tag);
	u32 *head;
	int err;

	spin_lock(stripe);
	head = bucket_of(ix, tag);
	err = chain_is_full(ix, 0, *head) ? -ENOSPC :
	      link_at(ix, head, pfn, entry, old, tag);
	spin_unlock(stripe);
	return err;
}

/**
 * pagefold_index_insert() - link a page as a candidate or frame
 * @ix: The index.
 * @pfn: Frame number.
 * @tag: From pagefold_tag_candidate() or pagefold_tag_frame().
 *
 * A tag that the page was linked by is unlinked first. After -ENOSPC the page
 * is not linked, after the other errors it is what it was.
 *
 * When two threads find nothing and then insert pages of equal content,
 * neither has seen the other: see pagefold_index_find_or_insert().
 *
 * Context: May sleep, unless the section was used before. Any number of
 *	threads. Takes a stripe lock.
 * Return: 0, -ENOMEM, -ERANGE for a frame number that cannot be stored,
 *	-EINVAL for a tag that is not linked, -ENOSPC when the bucket already
 *	holds PAGEFOLD_INDEX_BUCKET_MAX entries.
 */
int pagefold_index_insert(struct pagefold_index *ix, unsigned long pfn,
			  u32 tag)
{
	struct pagefold_entry *entry;
	u32 old;
	int err;

	if (!pagefold_tag_is_linked(tag))
		return -EINVAL;
	err = pagefold_index_prepare(ix, pfn);
	if (err)
		return err;
	entry = entry_at(ix, pfn);
	do {
		old = take_out(ix, pfn, entry);
		err = link_if(ix, pfn, entry, old, tag);
	} while (err == -EAGAIN);
	if (!err)
		pagefold_buckets_grow(&ix->buckets, &ix->entries);
	return err;
}

/**
 * pagefold_index_remove() - forget a page
 * @ix: The index.
 * @pfn: Any frame number.
 *
 * Context: Any that may take a spinlock. Any number of threads.
 */
void pagefold_index_remove(struct pagefold_index *ix, unsigned long pfn)
{
	struct pagefold_entry *entry = entry_at(ix, pfn);

	if (entry)
		set_unlinked(ix, pfn, entry, 0);
}

/**
 * pagefold_index_remove_if() - forget a page unless more became known of it
 * @ix: The index.
 * @pfn: Any frame number.
 * @tag: A linked tag, which the page may or may not still have.
 *
 * Context: Any that may take a spinlock. Any number of threads.
 */
void pagefold_index_remove_if(struct pagefold_index *ix, unsigned long pfn,
			      u32 tag)
{
	struct pagefold_entry *entry = entry_at(ix, pfn);

	if (entry)
		unlink_if(ix, pfn, entry, tag, 0);
}

/**
 * pagefold_index_set_heat() - note that a page was found written
 * @ix: The index.
 * @pfn: Frame number.
 * @heat: How often in a row, 0..63; more counts as 63.
 *
 * Unlinks the page. Allocates nothing, as it is called under page table locks:
 * call pagefold_index_prepare() where sleeping is allowed.
 *
 * Context: Any that may take a spinlock. Any number of threads.
 * Return: 0, -ENOMEM when nothing is allocated for this section yet, or
 *	-ERANGE for a frame number that cannot be stored.
 */
int pagefold_index_set_heat(struct pagefold_index *ix, unsigned long pfn,
			    unsigned int heat)
{
	struct pagefold_entry *entry = entry_at(ix, pfn);

	if (!pfn || pfn >= PAGEFOLD_ENTRIES_LIMIT)
		return -ERANGE;
	if (!entry)
		return -ENOMEM;
	set_unlinked(ix, pfn, entry, min(heat, PAGEFOLD_HEAT_MAX));
	return 0;
}

/**
 * pagefold_index_set_seen() - remember what a page holds, without linking it
 * @ix: The index.
 * @pfn: Frame number.
 * @fingerprint: Fingerprint of its content.
 *
 * Unlinks the page.
 *
 * Context: May sleep, unless the section was used before. Any number of
 *	threads.
 * Return: 0, -ENOMEM, or -ERANGE for a frame number that cannot be stored.
 */
int pagefold_index_set_seen(struct pagefold_index *ix, unsigned long pfn,
			    u64 fingerprint)
{
	int err = pagefold_index_prepare(ix, pfn);

	if (!err)
		set_unlinked(ix, pfn, entry_at(ix, pfn),
			     pagefold_tag_seen(fingerprint));
	return err;
}

/*
 * Change the tag of a linked entry to another of the same bucket.
 * Return: false when its tag is not @old any more; nothing was changed.
 */
static bool retag_if(struct pagefold_index *ix, struct pagefold_entry *entry,
		     u32 old, u32 tag)
{
	spinlock_t *stripe = stripe_of(ix, old);
	bool same;

	spin_lock(stripe);
	same = READ_ONCE(entry->tag) == old;
	if (same)
		WRITE_ONCE(entry->tag, tag);
	spin_unlock(stripe);
	return same;
}

/**
 * pagefold_index_set_lonely() - say whether one mapping of a frame is left
 * @ix: The index.
 * @pfn: Any frame number. Nothing happens unless it is linked as a frame.
 * @lonely: The new state.
 *
 * Context: Any that may take a spinlock. Any number of threads.
 */
void pagefold_index_set_lonely(struct pagefold_index *ix, unsigned long pfn,
			       bool lonely)
{
	struct pagefold_entry *entry = entry_at(ix, pfn);
	u32 old, tag;

	do {
		old = entry ? READ_ONCE(entry->tag) : 0;
		if (!pagefold_tag_is_frame(old))
			return;
		tag = pagefold_tag_set_lonely(old, lonely);
	} while (!retag_if(ix, entry, old, tag));
}

/**
 * pagefold_index_init() - make an empty index
 * @ix: The index.
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM: nothing is held then, as by zeroes.
 */
int pagefold_index_init(struct pagefold_index *ix)
{
	int err;

	pagefold_entries_init(&ix->entries);
	err = pagefold_buckets_init(&ix->buckets);
	if (err) {
		pagefold_index_exit(ix);
		memset(ix, 0, sizeof(*ix));
	}
	return err;
}

/**
 * pagefold_index_exit() - free all that the index holds
 * @ix: The index, or zeroes. Nobody may use it any more.
 *
 * Context: May sleep.
 */
void pagefold_index_exit(struct pagefold_index *ix)
{
	pagefold_buckets_exit(&ix->buckets);
	pagefold_entries_exit(&ix->entries);
}
