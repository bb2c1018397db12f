package view

import corev1 "k8s.io/api/core/v1"

// OfEvent is the row of an Event.
func OfEvent(event *corev1.Event) Event {
	at := event.EventTime.Time
	if event.Series != nil && event.Series.LastObservedTime.After(at) {
		at = event.Series.LastObservedTime.Time
	}
	if event.LastTimestamp.After(at) {
		at = event.LastTimestamp.Time
	}
	return Event{
		At: at.UTC(), Type: event.Type, Reason: event.Reason, Message: event.Message,
		Object: event.InvolvedObject.Kind + "/" + event.InvolvedObject.Name,
	}
}
