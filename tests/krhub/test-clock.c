/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClock: timers fire in order, in virtual and in real time. */
#include "config.h"

#include <krhub.h>

#include "kr-test.h"

#define N 200

typedef struct
{
  KrHubTimer timer;
  GString *diary;
  char name;
  gint64 again; /* armed again in so much time; 0: not */
  KrHubClock *clock;
  guint n_fired;
  gint64 fired_at;
} Alarm;

static void
fire (KrHubTimer *timer, gint64 now)
{
  Alarm *self = timer->data;

  self->n_fired++;
  self->fired_at = now;
  if (self->diary != NULL)
    g_string_append_c (self->diary, self->name);
  if (self->again > 0)
    kr_hub_clock_arm (self->clock, timer, now + self->again);
}

static void
alarm_init (Alarm *self, KrHubClock *clock, GString *diary, char name)
{
  *self = (Alarm) { .diary = diary, .name = name, .clock = clock };
  self->timer.fire = fire;
  self->timer.data = self;
}

static void
test_order (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (1000);
  g_autoptr (GString) diary = g_string_new (NULL);
  Alarm a, b, c;

  alarm_init (&a, clock, diary, 'a');
  alarm_init (&b, clock, diary, 'b');
  alarm_init (&c, clock, diary, 'c');
  g_assert_cmpint (kr_hub_clock_get_time (clock), ==, 1000);
  kr_hub_clock_arm (clock, &a.timer, 1300);
  kr_hub_clock_arm (clock, &b.timer, 1100);
  kr_hub_clock_arm (clock, &c.timer, 900);
  g_assert_cmpuint (kr_hub_clock_get_n_timers (clock), ==, 3);
  /* What is due already fires at once, and time never goes back for it. */
  kr_hub_clock_advance (clock, 0);
  g_assert_cmpstr (diary->str, ==, "c");
  g_assert_cmpint (c.fired_at, ==, 1000);
  kr_hub_clock_advance (clock, 299);
  g_assert_cmpstr (diary->str, ==, "cb");
  g_assert_cmpint (b.fired_at, ==, 1100);
  kr_hub_clock_advance (clock, 1);
  g_assert_cmpstr (diary->str, ==, "cba");
  g_assert_cmpint (kr_hub_clock_get_time (clock), ==, 1300);
  g_assert_cmpuint (kr_hub_clock_get_n_timers (clock), ==, 0);
}

static void
test_move (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (0);
  g_autoptr (GString) diary = g_string_new (NULL);
  Alarm a, b;

  alarm_init (&a, clock, diary, 'a');
  alarm_init (&b, clock, diary, 'b');
  kr_hub_clock_arm (clock, &a.timer, 100);
  kr_hub_clock_arm (clock, &b.timer, 200);
  kr_hub_clock_arm (clock, &a.timer, 300);
  kr_hub_clock_arm (clock, &b.timer, 50);
  kr_hub_clock_advance (clock, 200);
  g_assert_cmpstr (diary->str, ==, "b");
  kr_hub_clock_disarm (clock, &a.timer);
  kr_hub_clock_disarm (clock, &a.timer);
  kr_hub_clock_advance (clock, 200);
  g_assert_cmpstr (diary->str, ==, "b");
  g_assert_cmpuint (a.n_fired, ==, 0);
}

static void
test_again (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (0);
  Alarm a;

  alarm_init (&a, clock, NULL, 'a');
  a.again = 10;
  kr_hub_clock_arm (clock, &a.timer, 10);
  kr_hub_clock_advance (clock, 1000);
  g_assert_cmpuint (a.n_fired, ==, 100);
  g_assert_cmpint (a.fired_at, ==, 1000);
  kr_hub_clock_disarm (clock, &a.timer);
}

/* Random arming, moving, disarming; each fires at its time, in order. */
static void
test_random (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (0);
  g_autofree Alarm *alarms = g_new (Alarm, N);
  gint64 due[N];
  gint64 last = 0;

  for (guint i = 0; i < N; i++)
    {
      alarm_init (&alarms[i], clock, NULL, 0);
      due[i] = -1;
    }
  for (guint round = 0; round < 5000; round++)
    {
      guint i = g_test_rand_int_range (0, N);

      if (g_test_rand_int_range (0, 4) == 0)
        {
          kr_hub_clock_disarm (clock, &alarms[i].timer);
          due[i] = -1;
        }
      else
        {
          due[i] = kr_hub_clock_get_time (clock) + g_test_rand_int_range (1, 1000);
          kr_hub_clock_arm (clock, &alarms[i].timer, due[i]);
        }
      if (round % 10 == 0)
        {
          gint64 now;

          for (guint k = 0; k < N; k++)
            alarms[k].n_fired = 0;
          kr_hub_clock_advance (clock, g_test_rand_int_range (0, 100));
          now = kr_hub_clock_get_time (clock);
          for (guint k = 0; k < N; k++)
            {
              gboolean is_due = due[k] >= 0 && due[k] <= now;

              g_assert_cmpuint (alarms[k].n_fired, ==, is_due);
              if (!is_due)
                continue;
              g_assert_cmpint (alarms[k].fired_at, ==, due[k]);
              g_assert_cmpint (alarms[k].fired_at, >=, last);
              due[k] = -1;
            }
          last = now;
        }
    }
  for (guint i = 0; i < N; i++)
    kr_hub_clock_disarm (clock, &alarms[i].timer);
}

static void
test_real (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (NULL);
  g_autoptr (GString) diary = g_string_new (NULL);
  gint64 now = kr_hub_clock_get_time (clock);
  Alarm late, early, never;

  alarm_init (&late, clock, diary, 'l');
  alarm_init (&early, clock, diary, 'e');
  alarm_init (&never, clock, diary, 'n');
  kr_hub_clock_arm (clock, &never.timer, now + 5000);
  kr_hub_clock_arm (clock, &late.timer, now + 20000);
  kr_hub_clock_arm (clock, &early.timer, now + 10000);
  kr_hub_clock_disarm (clock, &never.timer);
  kr_test_wait_count ("the late timer", &late.n_fired, 1);
  g_assert_cmpstr (diary->str, ==, "el");
  g_assert_cmpint (early.fired_at, >=, now + 10000);
  g_assert_cmpint (late.fired_at, >=, now + 20000);
}

/* A clock that goes away leaves its timers unarmed. */
/* A deadline that moves away leaves the source as it was: it fires early, once, and is then set right. */
static void
test_moves_away (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (context);
  g_autoptr (GString) diary = g_string_new (NULL);
  gint64 begin = kr_hub_clock_get_time (clock);
  Alarm a;

  alarm_init (&a, clock, diary, 'a');
  kr_hub_clock_arm (clock, &a.timer, begin + 1000);
  kr_hub_clock_disarm (clock, &a.timer);
  kr_hub_clock_arm (clock, &a.timer, begin + 30000);
  while (diary->len == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpint (kr_hub_clock_get_time (clock), >=, begin + 30000);
  g_assert_cmpuint (kr_hub_clock_get_n_timers (clock), ==, 0);
  g_assert_false (g_main_context_pending (context));
}

static void
test_end (void)
{
  KrHubClock *clock = kr_hub_clock_new_virtual (0);
  Alarm a;

  alarm_init (&a, clock, NULL, 'a');
  kr_hub_clock_arm (clock, &a.timer, 10);
  g_assert_cmpuint (a.timer.position, !=, 0);
  g_object_unref (clock);
  g_assert_cmpuint (a.timer.position, ==, 0);
}

typedef struct
{
  GString *diary;
  guint n_left;
} Rumour;

static gboolean
pass_on (gpointer data)
{
  Rumour *self = data;

  g_string_append_c (self->diary, 'r');
  return --self->n_left > 0;
}

/* Who holds up the loop is not the one whose timers run out: what has come meanwhile is heard first. */
static void
test_held_up (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (NULL);
  g_autoptr (GString) diary = g_string_new (NULL);
  Rumour rumour = { diary, 5 };
  Alarm a, b;

  alarm_init (&a, clock, diary, 'a');
  alarm_init (&b, clock, diary, 'b');
  kr_hub_clock_arm (clock, &a.timer, kr_hub_clock_get_time (clock) + 1000);
  g_usleep (700000);
  /* It takes several turns to arrive; and a timer that is due now does not hurry the other. */
  g_idle_add_full (G_PRIORITY_DEFAULT, pass_on, &rumour, NULL);
  g_main_context_iteration (NULL, FALSE);
  kr_hub_clock_arm (clock, &b.timer, kr_hub_clock_get_time (clock));
  kr_test_wait_count ("the late one", &a.n_fired, 1);
  g_assert_cmpstr (diary->str, ==, "rrrrrab");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/order", test_order);
  g_test_add_func ("/clock/move", test_move);
  g_test_add_func ("/clock/again", test_again);
  g_test_add_func ("/clock/random", test_random);
  g_test_add_func ("/clock/real", test_real);
  g_test_add_func ("/clock/held-up", test_held_up);
  g_test_add_func ("/clock/moves-away", test_moves_away);
  g_test_add_func ("/clock/end", test_end);
  return g_test_run ();
}
