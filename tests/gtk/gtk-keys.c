/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Keys as the X server sends them, so that a test goes the whole way from the keyboard to the widget. */
#include "config.h"

#include "gtk-keys.h"

#ifdef HAVE_X11
#include <dlfcn.h>
#include <gdk/x11/gdkx.h>

typedef int (*FakeKey) (Display *display, unsigned int keycode, int press, unsigned long delay);

/* Loaded by hand: its headers would be one more package to build with. */
static FakeKey
get_fake_key (void)
{
  static FakeKey fake_key;
  void *library = fake_key == NULL ? dlopen ("libXtst.so.6", RTLD_NOW) : NULL;

  if (library != NULL)
    fake_key = (FakeKey) dlsym (library, "XTestFakeKeyEvent");
  return fake_key;
}

gboolean
gtk_keys_available (void)
{
  return GDK_IS_X11_DISPLAY (gdk_display_get_default ()) && get_fake_key () != NULL;
}

/* There is no window manager that would give the keyboard to the window. */
void
gtk_keys_press (GtkWidget *window, guint keysym)
{
  Display *display;
  unsigned int keycode;

G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  display = gdk_x11_display_get_xdisplay (gtk_widget_get_display (window));
  XSetInputFocus (display, gdk_x11_surface_get_xid (gtk_native_get_surface (GTK_NATIVE (window))), RevertToParent,
                  CurrentTime);
G_GNUC_END_IGNORE_DEPRECATIONS
  keycode = XKeysymToKeycode (display, keysym);
  g_assert_cmpuint (keycode, !=, 0);
  get_fake_key () (display, keycode, True, 0);
  get_fake_key () (display, keycode, False, 0);
  XFlush (display);
}

#else

gboolean
gtk_keys_available (void)
{
  return FALSE;
}

void
gtk_keys_press (GtkWidget *window, guint keysym)
{
  g_assert_not_reached ();
}

#endif
