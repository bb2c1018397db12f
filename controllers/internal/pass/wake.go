package pass

import (
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

// Waker is how reconcilers have another look at an object although nothing in
// Kubernetes changed: Auth0 did, or its time.
type Waker struct {
	subscribers []chan event.GenericEvent
}

// NewWaker makes a waker that wakes nobody yet.
func NewWaker() *Waker { return &Waker{} }

// Subscribe returns a controller's side, with room for a burst. Everybody
// subscribes before the manager starts.
func (w *Waker) Subscribe() chan event.GenericEvent {
	subscriber := make(chan event.GenericEvent, 1024)
	w.subscribers = append(w.subscribers, subscriber)
	return subscriber
}

// Wake asks every subscriber for a pass over an object.
func (w *Waker) Wake(obj client.Object) {
	for _, subscriber := range w.subscribers {
		subscriber <- event.GenericEvent{Object: obj}
	}
}
