// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions: see txn.h. Called by the handlers of rule-new, rule-del and
 * rule-flush, by its own handlers, when a netlink socket is closed, and by a
 * work that empties idle transactions.
 *
 * A namespace lives as long as the sockets in it, and a transaction no longer
 * than its socket: who finds a transaction on txn_all under txn_mutex may use
 * its namespace.
 */
#include <linux/netlink.h>
#include <linux/slab.h>

#include "event.h"
#include "net.h"
#include "netlink.h"
#include "owner.h"
#include "rule.h"
#include "txn.h"

#define TXN_WORK_PERIOD	(5 * HZ)

struct natfw_txn_flush {
	struct list_head	list;
	bool			all;
	u8			owner[NATFW_OWNER_LEN];
};

static void txn_work_fn(struct work_struct *work);

static DEFINE_MUTEX(txn_mutex);		/* outside nn->lock */
static LIST_HEAD(txn_all);		/* txn_mutex */
static DECLARE_DELAYED_WORK(txn_work, txn_work_fn);

struct natfw_txn *natfw_txn_find(struct natfw_net *nn, u32 portid)
{
	struct natfw_txn *txn;

	lockdep_assert_held(&nn->lock);
	list_for_each_entry(txn, &nn->txns, list) {
		if (txn->portid == portid && !txn->over)
			return txn;
	}
	return NULL;
}

/* Forget what is staged. nn->lock. */
static void txn_empty(struct natfw_txn *txn)
{
	struct natfw_txn_flush *f, *nextf;
	struct natfw_rule *r, *next;

	list_for_each_entry_safe(r, next, &txn->add, list) {
		list_del(&r->list);
		natfw_rule_discard(r);
		cond_resched();
	}
	list_for_each_entry_safe(f, nextf, &txn->flush, list) {
		list_del(&f->list);
		kfree(f);
	}
	xa_destroy(&txn->del);
	txn->count = 0;
	txn->nadd = 0;
	txn->goes = 0;
}

/* Nodes a rule has in the table, about: it may have replies. */
#define TXN_RULE_NODES	2

/*
 * Room in the table for what @txn says will come, bounded by what may come;
 * nn->lock.
 */
static void txn_reserve(struct natfw_txn *txn, u32 expected)
{
	u64 nodes = (u64)min(expected, txn->nn->rule_max) * TXN_RULE_NODES;

	if (!nodes)
		return;
	nodes += atomic_read(&txn->nn->table.count);
	txn->room = min_t(u64, nodes, S32_MAX);
	if (txn->room > txn->nn->table.reserved)
		natfw_table_reserve(&txn->nn->table, txn->room);
}

/* The most that one of the open transactions wants; nn->lock. */
static void txn_unreserve(struct natfw_net *nn)
{
	struct natfw_txn *txn;
	u32 room = 0;

	list_for_each_entry(txn, &nn->txns, list)
		room = max(room, txn->room);
	if (room != nn->table.reserved)
		natfw_table_reserve(&nn->table, room);
}

/* txn_mutex. */
static void txn_free(struct natfw_txn *txn)
{
	struct natfw_net *nn = txn->nn;

	lockdep_assert_held(&txn_mutex);
	mutex_lock(&nn->lock);
	txn_empty(txn);
	list_del(&txn->list);
	txn_unreserve(nn);
	mutex_unlock(&nn->lock);
	list_del(&txn->all);
	kfree(txn);
}

/* Empty @txn, which txn_mutex keeps from going, if it is idle; true if it is not. */
static bool txn_expire(struct natfw_txn *txn)
{
	struct natfw_net *nn = txn->nn;

	mutex_lock(&nn->lock);
	if (!txn->over && !txn->expired &&
	    time_after(jiffies, txn->used + NATFW_TXN_IDLE * HZ)) {
		txn_empty(txn);
		txn->expired = true;
		txn->room = 0;
		txn_unreserve(nn);
	}
	mutex_unlock(&nn->lock);
	return !txn->expired;
}

static void txn_work_fn(struct work_struct *work)
{
	struct natfw_txn *txn;
	bool more = false;

	mutex_lock(&txn_mutex);
	list_for_each_entry(txn, &txn_all, all)
		more |= txn_expire(txn);
	if (more)
		schedule_delayed_work(&txn_work, TXN_WORK_PERIOD);
	mutex_unlock(&txn_mutex);
}

static struct natfw_txn *txn_new(struct natfw_net *nn, u32 portid)
{
	struct natfw_txn *txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);

	if (!txn)
		return NULL;
	txn->nn = nn;
	txn->portid = portid;
	txn->used = jiffies;
	INIT_LIST_HEAD(&txn->add);
	INIT_LIST_HEAD(&txn->flush);
	xa_init(&txn->del);
	return txn;
}

/* nn->lock and txn_mutex. */
static int txn_may_begin(struct natfw_net *nn, const struct genl_info *info)
{
	struct nlattr *gen = info->attrs[NATFW_A_TXN_GENERATION];

	if (nn->closing) {
		NL_SET_ERR_MSG(info->extack, "the namespace is going away");
		return -ESHUTDOWN;
	}
	if (natfw_txn_find(nn, info->snd_portid)) {
		NL_SET_ERR_MSG(info->extack, "the socket has a transaction open");
		return -EBUSY;
	}
	if (gen && nla_get_u32(gen) != (u32)nn->gen) {
		NL_SET_ERR_MSG_ATTR(info->extack, gen, "the rule set has changed since");
		return -ESTALE;
	}
	return 0;
}

int natfw_nl_txn_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct natfw_net *nn = natfw_net(genl_info_net(info));
	struct nlattr *gen = info->attrs[NATFW_A_TXN_GENERATION];
	struct nlattr *staged = info->attrs[NATFW_A_TXN_STAGED];
	struct natfw_txn *txn = txn_new(nn, info->snd_portid);
	int err;

	if (!txn)
		return natfw_nl_explain(info->extack, -ENOMEM);
	txn->checked = gen;
	txn->gen = gen ? nla_get_u32(gen) : 0;
	mutex_lock(&txn_mutex);
	mutex_lock(&nn->lock);
	err = txn_may_begin(nn, info);
	if (!err) {
		list_add(&txn->list, &nn->txns);
		list_add_tail(&txn->all, &txn_all);
		txn_reserve(txn, staged ? nla_get_u32(staged) : 0);
		schedule_delayed_work(&txn_work, TXN_WORK_PERIOD);
	}
	mutex_unlock(&nn->lock);
	mutex_unlock(&txn_mutex);
	if (err)
		kfree(txn);
	else if (staged)
		natfw_table_settle(&nn->table);
	return err;
}

static void txn_touch(struct natfw_txn *txn)
{
	lockdep_assert_held(&txn->nn->lock);
	txn->used = jiffies;
	txn->count++;
}

int natfw_txn_check(const struct natfw_txn *txn, struct netlink_ext_ack *extack)
{
	if (!txn || !txn->expired)
		return 0;
	NL_SET_ERR_MSG(extack, "the transaction was idle for a minute; abort it");
	return -ETIMEDOUT;
}

s64 natfw_txn_outlook(const struct natfw_net *nn, const struct natfw_txn *txn)
{
	const struct natfw_txn *t;
	s64 grows, sum = nn->nrules;

	lockdep_assert_held(&nn->lock);
	list_for_each_entry(t, &nn->txns, list) {
		grows = (s64)t->nadd - t->goes;
		/* that another's rules go is not to be relied on */
		if (t == txn || grows > 0)
			sum += grows;
	}
	return sum;
}

static int txn_check_removal(const struct natfw_txn *txn, struct netlink_ext_ack *extack)
{
	u32 most = max(txn->nn->rule_max, txn->nn->nrules);
	int err = natfw_txn_check(txn, extack);

	/* new rules are bounded by rule-max themselves, the rest by this */
	if (err || txn->count - txn->nadd < most)
		return err;
	NL_SET_ERR_MSG(extack, "more removals staged than the namespace has rules, or may have");
	return -ENOSPC;
}

void natfw_txn_add(struct natfw_txn *txn, struct natfw_rule *r)
{
	list_add_tail(&r->list, &txn->add);
	txn->nadd++;
	txn_touch(txn);
}

int natfw_txn_del(struct natfw_txn *txn, const struct natfw_rule *r,
		  struct netlink_ext_ack *extack)
{
	bool doomed = natfw_txn_dooms(txn, r);
	int err = txn_check_removal(txn, extack);

	if (err)
		return err;
	if (xa_load(&txn->del, r->id)) {
		NL_SET_ERR_MSG(extack, "the transaction removes that rule already");
		return -ENOENT;
	}
	err = xa_err(xa_store(&txn->del, r->id, xa_mk_value(1), GFP_KERNEL_ACCOUNT));
	if (err)
		return natfw_nl_explain(extack, err);
	txn->goes += !doomed;
	txn_touch(txn);
	return 0;
}

/* Rules that go by a flush of @owner, beside those that go anyway, about. */
static u32 txn_flush_goes(const struct natfw_txn *txn, const u8 *owner)
{
	u32 left = txn->nn->nrules - min(txn->goes, txn->nn->nrules);
	const struct natfw_txn_flush *f;

	list_for_each_entry(f, &txn->flush, list)
		if (f->all || (owner && !memcmp(f->owner, owner, NATFW_OWNER_LEN)))
			return 0;
	return owner ? min(left, natfw_owner_rules(txn->nn, owner)) : left;
}

int natfw_txn_flush(struct natfw_txn *txn, const u8 *owner,
		    struct netlink_ext_ack *extack)
{
	int err = txn_check_removal(txn, extack);
	struct natfw_txn_flush *f;

	if (err)
		return err;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return natfw_nl_explain(extack, -ENOMEM);
	txn->goes += txn_flush_goes(txn, owner);
	f->all = !owner;
	if (owner)
		memcpy(f->owner, owner, NATFW_OWNER_LEN);
	list_add_tail(&f->list, &txn->flush);
	txn_touch(txn);
	return 0;
}

int natfw_doom_init(struct natfw_doom *d, struct natfw_net *nn, u32 max)
{
	lockdep_assert_held(&nn->lock);
	d->nn = nn;
	d->n = 0;
	d->room = min(max, nn->nrules);
	d->rule = kvmalloc_array(d->room ?: 1, sizeof(*d->rule), GFP_KERNEL);
	return d->rule ? 0 : -ENOMEM;
}

void natfw_doom_add(struct natfw_doom *d, struct natfw_rule *r)
{
	if (r->doomed || WARN_ON_ONCE(d->n == d->room))
		return;
	r->doomed = true;
	d->rule[d->n++] = r;
}

void natfw_doom_owner(struct natfw_doom *d, const u8 *owner)
{
	XA_STATE(xas, &d->nn->rules, 0);
	struct natfw_rule *r;
	u32 n = 0;

	rcu_read_lock();
	xas_for_each(&xas, r, ULONG_MAX) {
		if (xas_retry(&xas, r))
			continue;	/* the place of one that is staged */
		if (!owner || natfw_rule_owned(r, owner))
			natfw_doom_add(d, r);
		if (++n % 1024)
			continue;
		xas_pause(&xas);
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	rcu_read_unlock();
}

void natfw_doom_fini(struct natfw_doom *d, bool spared)
{
	u32 i;

	for (i = 0; spared && i < d->n; i++)
		d->rule[i]->doomed = false;
	kvfree(d->rule);
}

/* How many rules @txn takes out at most. */
static u32 txn_most(const struct natfw_txn *txn)
{
	const struct natfw_txn_flush *f;
	u64 most = txn->count - txn->nadd;

	list_for_each_entry(f, &txn->flush, list) {
		if (f->all)
			return U32_MAX;
		most += natfw_owner_rules(txn->nn, f->owner);
	}
	return min_t(u64, most, U32_MAX);
}

/* What the transaction takes out. Rules that went since are none. -ENOMEM. */
static int txn_doom(struct natfw_txn *txn, struct natfw_doom *d)
{
	struct natfw_txn_flush *f;
	struct natfw_rule *r;
	unsigned long id;
	void *entry;
	int err;

	err = natfw_doom_init(d, txn->nn, txn_most(txn));
	if (err)
		return err;
	xa_for_each(&txn->del, id, entry) {
		r = natfw_rule_find(txn->nn, id);
		if (r)
			natfw_doom_add(d, r);
	}
	list_for_each_entry(f, &txn->flush, list)
		natfw_doom_owner(d, f->all ? NULL : f->owner);
	return 0;
}

/*
 * Requests were let in by what was in force as they came. Since then others
 * may have removed what this one was to, and made rules of their own.
 */
static int txn_check_limit(const struct natfw_txn *txn, u32 ndel,
			   struct netlink_ext_ack *extack)
{
	const struct natfw_net *nn = txn->nn;

	if (!txn->nadd || (u64)nn->nrules - ndel + txn->nadd <= nn->rule_max)
		return 0;
	NL_SET_ERR_MSG(extack, "more rules than the namespace may have would be in force (rule-max)");
	return -ENOSPC;
}

static int txn_carry_out(struct natfw_txn *txn, struct netlink_ext_ack *extack)
{
	u8 why = list_empty(&txn->flush) ? NATFW_DEL_REASON_REQUEST
					 : NATFW_DEL_REASON_FLUSH;
	struct natfw_net *nn = txn->nn;
	struct natfw_doom d;
	int err;

	err = txn_doom(txn, &d);
	if (err)
		return err;
	err = txn_check_limit(txn, d.n, extack);
	if (!err && (d.n || txn->nadd))
		natfw_rule_commit(nn, &txn->add, d.rule, d.n, why);
	natfw_doom_fini(&d, err);
	if (err)
		return err;
	INIT_LIST_HEAD(&txn->add);	/* they live their own lives now */
	txn->nadd = 0;
	txn->over = true;
	return 0;
}

static int txn_reply(struct sk_buff *skb, const struct genl_info *info,
		     u32 staged, u32 gen)
{
	struct natfw_nl_head head;
	void *hdr;

	natfw_nl_head_reply(&head, info);
	hdr = natfw_nl_begin(skb, &head);
	if (!hdr ||
	    nla_put_u32(skb, NATFW_A_TXN_STAGED, staged) ||
	    nla_put_u32(skb, NATFW_A_TXN_GENERATION, gen))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/* The socket's transaction, or ERR_PTR with extack set. nn->lock. */
static struct natfw_txn *txn_of(struct natfw_net *nn, const struct genl_info *info)
{
	struct natfw_txn *txn = natfw_txn_find(nn, info->snd_portid);

	if (txn)
		return txn;
	NL_SET_ERR_MSG(info->extack, "the socket has no transaction open");
	return ERR_PTR(-ENOENT);
}

bool natfw_txn_dooms(const struct natfw_txn *txn, const struct natfw_rule *r)
{
	const struct natfw_txn_flush *f;

	lockdep_assert_held(&txn->nn->lock);
	if (r->staged)
		return false;
	if (xa_load((struct xarray *)&txn->del, r->id))
		return true;
	list_for_each_entry(f, &txn->flush, list)
		if (f->all || natfw_rule_owned(r, f->owner))
			return true;
	return false;
}

void natfw_txn_refuse(struct natfw_txn *txn, const struct genl_info *info)
{
	if (!txn || txn->failed)
		return;
	lockdep_assert_held(&txn->nn->lock);
	txn->failed = true;
	txn->failed_seq = info->snd_seq;
	if (info->extack && info->extack->_msg)
		strscpy(txn->failed_why, info->extack->_msg, sizeof(txn->failed_why));
}

/* Whether everything is there that was to be, and nothing came between. */
static int txn_check_whole(const struct natfw_txn *txn, const struct genl_info *info)
{
	struct nlattr *staged = info->attrs[NATFW_A_TXN_STAGED];

	if (txn->checked && txn->gen != (u32)txn->nn->gen) {
		NL_SET_ERR_MSG(info->extack,
			       "the rule set has changed since that generation");
		return -ESTALE;
	}
	if (txn->failed) {
		natfw_extack_fmt(info->extack,
				 "a request of the transaction was refused; abort it",
				 "request %u was refused: %s", txn->failed_seq,
				 txn->failed_why);
		return -ECANCELED;
	}
	if (staged && nla_get_u32(staged) != txn->count) {
		NL_SET_ERR_MSG_ATTR(info->extack, staged,
				    "not that many requests are staged: some were refused for their form");
		return -ECANCELED;
	}
	return 0;
}

static int txn_commit(struct natfw_net *nn, const struct genl_info *info,
		      u32 *staged, u32 *gen)
{
	struct natfw_txn *txn = txn_of(nn, info);
	int err;

	if (IS_ERR(txn))
		return PTR_ERR(txn);
	err = natfw_txn_check(txn, info->extack) ?: txn_check_whole(txn, info);
	if (err)
		return err;
	*staged = txn->count;
	err = txn_carry_out(txn, info->extack);
	*gen = (u32)nn->gen;
	return natfw_nl_explain(info->extack, err);
}

/* Let go of the socket's transactions. Process context, no lock held. */
static void txn_end(struct net *net, u32 portid, bool over)
{
	struct natfw_txn *txn, *next;

	mutex_lock(&txn_mutex);
	list_for_each_entry_safe(txn, next, &txn_all, all) {
		if (txn->portid == portid && txn->nn->net == net &&
		    (!over || READ_ONCE(txn->over)))
			txn_free(txn);
	}
	mutex_unlock(&txn_mutex);
}

int natfw_nl_txn_commit_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	struct natfw_net *nn = natfw_net(net);
	struct sk_buff *reply;
	u32 staged, gen;
	int err;

	reply = natfw_nl_reply_new(info, NATFW_NL_SMALL_SIZE);
	if (IS_ERR(reply))
		return PTR_ERR(reply);
	mutex_lock(&nn->lock);
	err = txn_commit(nn, info, &staged, &gen);
	mutex_unlock(&nn->lock);
	if (!err)
		err = txn_reply(reply, info, staged, gen);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	txn_end(net, info->snd_portid, true);
	genlmsg_reply(reply, info);
	return 0;
}

int natfw_nl_txn_abort_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct natfw_net *nn = natfw_net(genl_info_net(info));
	struct natfw_txn *txn;

	mutex_lock(&nn->lock);
	txn = txn_of(nn, info);
	mutex_unlock(&nn->lock);
	if (IS_ERR(txn))
		return PTR_ERR(txn);
	txn_end(genl_info_net(info), info->snd_portid, false);
	return 0;
}

/* Sockets are closed in process context, with nothing locked. */
static int txn_socket_event(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	struct netlink_notify *n = ptr;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    !list_empty_careful(&txn_all))
		txn_end(n->net, n->portid, false);
	return NOTIFY_DONE;
}

static struct notifier_block txn_notifier = {
	.notifier_call = txn_socket_event,
};

/* Sockets hold their namespace, so there is none left with a transaction. */
void natfw_txn_abort_all(struct natfw_net *nn)
{
	lockdep_assert_held(&nn->lock);
	WARN_ON_ONCE(!list_empty(&nn->txns));
}

void natfw_txn_drain(void)
{
	struct natfw_txn *txn, *next;

	mutex_lock(&txn_mutex);
	list_for_each_entry_safe(txn, next, &txn_all, all)
		txn_free(txn);
	mutex_unlock(&txn_mutex);
}

int natfw_txn_register(void)
{
	return netlink_register_notifier(&txn_notifier);
}

void natfw_txn_unregister(void)
{
	netlink_unregister_notifier(&txn_notifier);
	cancel_delayed_work_sync(&txn_work);
}
