/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAGEFOLD_COMPAT_SEQ_FILE_H
#define PAGEFOLD_COMPAT_SEQ_FILE_H

#include <linux/seq_file.h>

/* 6.7: as there */
#ifndef DEFINE_SHOW_STORE_ATTRIBUTE
#define DEFINE_SHOW_STORE_ATTRIBUTE(__name)				\
static int __name ## _open(struct inode *inode, struct file *file)	\
{									\
	return single_open(file, __name ## _show, inode->i_private);	\
}									\
									\
static const struct file_operations __name ## _fops = {		\
	.owner		= THIS_MODULE,					\
	.open		= __name ## _open,				\
	.read		= seq_read,					\
	.write		= __name ## _write,				\
	.llseek		= seq_lseek,					\
	.release	= single_release,				\
}
#endif

#endif
