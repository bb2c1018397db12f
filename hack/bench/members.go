package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/seatwarden/seatwarden/api/v1alpha1"
	"github.com/seatwarden/seatwarden/controllers"
)

// members remembers when each Member first showed what is waited for.
type members struct {
	mu sync.Mutex
	// first times by condition and address.
	first map[string]map[string]time.Time
	// gone are the addresses of Members that are no more.
	gone map[string]time.Time
}

// watchMembers follows the Members of a namespace until stop is called.
func watchMembers(ctx context.Context, config *rest.Config, namespace string) (m *members, stop context.CancelFunc, err error) {
	ctx, stop = context.WithCancel(ctx)
	m = &members{first: map[string]map[string]time.Time{}, gone: map[string]time.Time{}}
	informers, err := cache.New(config, cache.Options{Scheme: controllers.Scheme(), DefaultNamespaces: map[string]cache.Config{namespace: {}}})
	if err != nil {
		return nil, stop, fmt.Errorf("watch Members: %w", err)
	}
	informer, err := informers.GetInformer(ctx, &v1alpha1.Member{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, stop, fmt.Errorf("watch Members: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    m.note,
		UpdateFunc: func(_, object any) { m.note(object) },
		DeleteFunc: m.noteGone,
	})
	if err != nil {
		return nil, stop, fmt.Errorf("watch Members: %w", err)
	}
	go func() { _ = informers.Start(ctx) }() // it ends with the context alone
	if !informers.WaitForCacheSync(ctx) {
		return nil, stop, fmt.Errorf("watch Members: no list was read")
	}
	return m, stop, nil
}

func (m *members) note(object any) {
	member, ok := object.(*v1alpha1.Member)
	if !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, condition := range []string{v1alpha1.ConditionSeatAssigned, v1alpha1.ConditionInvited, v1alpha1.ConditionActive} {
		if !meta.IsStatusConditionTrue(member.Status.Conditions, condition) {
			continue
		}
		if m.first[condition] == nil {
			m.first[condition] = map[string]time.Time{}
		}
		if email := string(member.Spec.Email); m.first[condition][email].IsZero() {
			m.first[condition][email] = time.Now()
		}
	}
}

func (m *members) noteGone(object any) {
	if unknown, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = unknown.Obj
	}
	if member, ok := object.(*v1alpha1.Member); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.gone[string(member.Spec.Email)] = time.Now()
	}
}

// count tells how many Members have shown a condition.
func (m *members) count(condition string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.first[condition])
}

// at is when the Member with an address first showed a condition, zero before.
func (m *members) at(condition, email string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.first[condition][email]
}

// countGone tells how many Members are no more.
func (m *members) countGone() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.gone)
}

// countOf tells how many of a Customer's Members have shown a condition.
func (m *members) countOf(condition, customer string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for email := range m.first[condition] {
		if as(email).Connection == connectionOf(customer) {
			n++
		}
	}
	return n
}

// last is when a Member of a Customer first showed a condition, of the last that did.
func (m *members) last(condition, customer string) (last time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for email, at := range m.first[condition] {
		if as(email).Connection == connectionOf(customer) && at.After(last) {
			last = at
		}
	}
	return last
}
