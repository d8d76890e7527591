# Questions about Kubernetes objects that many policies ask.
package plimsoll.lib.kubernetes

# Whether all labels of a selector are among an object's labels.
selects(selector, labels) if {
	every key, value in object.get(selector, "matchLabels", {}) {
		object.get(labels, key, null) == value
	}
}
