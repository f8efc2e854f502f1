"""The tables, with the triggers and the search index that the database keeps itself."""

import sqlalchemy as sa
from alembic import op

from models import database_rules

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "designated_professional",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("definition", sa.String(length=1000), nullable=False),
        sa.Column("group_label", sa.String(length=60), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=True),
        sa.Column("active_to", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "active_to IS NULL OR active_from IS NULL OR active_to >= active_from",
            name=op.f("a_designated_professional_ends_after_it_begins"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_designated_professional")),
        sa.UniqueConstraint("code", name=op.f("uq_designated_professional_code")),
    )
    op.create_table(
        "organisation_kind",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("plural", sa.String(length=60), nullable=False),
        sa.Column("parent_kind", sa.String(length=20), nullable=True),
        sa.Column("may_hold_cases", sa.Boolean(), nullable=False),
        sa.Column("may_be_granted_on", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_kind"], ["organisation_kind.code"], name=op.f("fk_organisation_kind_parent_kind")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_organisation_kind")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("issuer", "subject", name="a_subject_is_known_once_to_its_issuer"),
    )
    op.create_table(
        "review_type",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_rapid_review", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("definition", sa.String(length=1000), nullable=False),
        sa.Column("group_label", sa.String(length=60), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=True),
        sa.Column("active_to", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "active_to IS NULL OR active_from IS NULL OR active_to >= active_from",
            name=op.f("a_review_type_ends_after_it_begins"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_type")),
        sa.UniqueConstraint("code", name=op.f("uq_review_type_code")),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "theme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("definition", sa.String(length=1000), nullable=False),
        sa.Column("group_label", sa.String(length=60), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=True),
        sa.Column("active_to", sa.Date(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "active_to IS NULL OR active_from IS NULL OR active_to >= active_from",
            name=op.f("a_theme_ends_after_it_begins"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme")),
        sa.UniqueConstraint("code", name=op.f("uq_theme_code")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "closed_on IS NULL OR opened_on IS NULL OR closed_on >= opened_on",
            name=op.f("an_organisation_closes_after_it_opens"),
        ),
        sa.ForeignKeyConstraint(["kind"], ["organisation_kind.code"], name=op.f("fk_organisation_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("kind", "code", name="a_code_is_used_once_in_its_kind"),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_because",
            sa.Enum(
                "signed_out",
                "replaced",
                "deactivated",
                name="session_end_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name=op.f("an_ended_session_says_why")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_session_person_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sign_in_session")),
    )
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "used_form_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_used_form_token_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_used_form_token")),
    )
    with op.batch_alter_table("used_form_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_used_form_token_used_at"), ["used_at"], unique=False)

    op.create_table(
        "case_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "closed", name="status_is_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("date_added", sa.Date(), nullable=False),
        sa.Column("ccg_id", sa.Uuid(), nullable=False),
        sa.Column("partnership_name", sa.String(length=200), nullable=False),
        sa.Column(
            "partnership_kind",
            sa.Enum(
                "safeguarding_adults_board",
                "safeguarding_children_partnership",
                "community_safety_partnership",
                "joint",
                "other",
                name="partnership_kind_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("steis_number", sa.String(length=40), nullable=True),
        sa.Column("local_identifier", sa.String(length=60), nullable=True),
        sa.Column("review_type_id", sa.Uuid(), nullable=False),
        sa.Column("incident_date", sa.Date(), nullable=False),
        sa.Column("overview", sa.Text(), nullable=False),
        sa.Column("theme_1_id", sa.Uuid(), nullable=False),
        sa.Column("theme_2_id", sa.Uuid(), nullable=True),
        sa.Column("theme_3_id", sa.Uuid(), nullable=True),
        sa.Column(
            "media_interest",
            sa.Enum(
                "none_known",
                "anticipated",
                "local",
                "regional",
                "national",
                name="media_interest_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("latest_update", sa.Text(), nullable=False),
        sa.Column("latest_update_on", sa.Date(), nullable=False),
        sa.Column("report_signed_off_on", sa.Date(), nullable=True),
        sa.Column("publication_date", sa.Date(), nullable=True),
        sa.Column("report_link", sa.String(length=2000), nullable=True),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column(
            "publication",
            sa.Enum(
                "not_decided",
                "public",
                "embargoed",
                name="publication_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("date_closed", sa.Date(), nullable=True),
        sa.Column("designated_professional_id", sa.Uuid(), nullable=True),
        sa.Column("converted_from_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=1000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("change_reason", sa.String(length=1000), nullable=True),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("converted_from_ccg_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "local_identifier IS NULL OR local_identifier <> ''", name=op.f("a_local_identifier_is_not_blank")
        ),
        sa.CheckConstraint("partnership_name <> ''", name=op.f("a_partnership_has_a_name")),
        sa.CheckConstraint(
            "report_link IS NULL OR lower(report_link) LIKE 'http://_%' OR lower(report_link) LIKE 'https://_%'",
            name=op.f("a_link_is_http_or_https"),
        ),
        sa.CheckConstraint("report_link IS NULL OR publication = 'public'", name=op.f("a_link_only_when_public")),
        sa.CheckConstraint(
            "status <> 'closed' OR (publication = 'public' AND publication_date IS NOT NULL) OR (publication = 'embargoed' AND report_signed_off_on IS NOT NULL)",
            name=op.f("closed_is_published_or_embargoed_and_signed_off"),
        ),
        sa.CheckConstraint("status <> 'closed' OR date_closed IS NOT NULL", name=op.f("closed_needs_a_closing_date")),
        sa.CheckConstraint("status <> 'open' OR date_closed IS NULL", name=op.f("open_must_not_have_a_closing_date")),
        sa.CheckConstraint("steis_number IS NULL OR steis_number <> ''", name=op.f("a_steis_number_is_not_blank")),
        sa.CheckConstraint(
            "(converted_from_id IS NULL) = (converted_from_ccg_id IS NULL)", name=op.f("converted_from_names_its_ccg")
        ),
        sa.CheckConstraint(
            "(theme_2_id IS NULL OR theme_2_id <> theme_1_id) AND (theme_3_id IS NULL OR (theme_3_id <> theme_1_id AND theme_3_id <> theme_2_id))",
            name=op.f("themes_are_all_different"),
        ),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name=op.f("withdrawn_with_a_reason")),
        sa.CheckConstraint(
            "converted_from_id IS NULL OR converted_from_id <> id", name=op.f("not_converted_from_itself")
        ),
        sa.CheckConstraint("date_added >= incident_date", name=op.f("added_not_before_the_incident")),
        sa.CheckConstraint(
            "date_closed IS NULL OR date_closed > incident_date", name=op.f("closed_after_the_incident")
        ),
        sa.CheckConstraint("length(comments) <= 4000", name=op.f("comments_are_at_most_4000_characters")),
        sa.CheckConstraint("length(latest_update) <= 4000", name=op.f("latest_update_is_at_most_4000_characters")),
        sa.CheckConstraint("length(lessons) <= 10000", name=op.f("lessons_are_at_most_10000_characters")),
        sa.CheckConstraint("length(overview) BETWEEN 1 AND 4000", name=op.f("overview_is_1_to_4000_characters")),
        sa.CheckConstraint(
            "publication_date IS NULL OR report_signed_off_on IS NOT NULL",
            name=op.f("publication_needs_a_signed_off_report"),
        ),
        sa.CheckConstraint(
            "publication_date IS NULL OR report_signed_off_on IS NULL OR publication_date >= report_signed_off_on",
            name=op.f("published_not_before_signed_off"),
        ),
        sa.CheckConstraint(
            "report_signed_off_on IS NULL OR report_signed_off_on >= incident_date",
            name=op.f("signed_off_not_before_the_incident"),
        ),
        sa.CheckConstraint(
            "steis_number IS NOT NULL OR local_identifier IS NOT NULL",
            name=op.f("a_steis_number_or_a_local_identifier"),
        ),
        sa.CheckConstraint("theme_3_id IS NULL OR theme_2_id IS NOT NULL", name=op.f("themes_are_filled_in_order")),
        sa.ForeignKeyConstraint(["ccg_id"], ["organisation.id"], name=op.f("fk_case_review_ccg_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_case_review_changed_by_id")),
        sa.ForeignKeyConstraint(
            ["converted_from_ccg_id", "converted_from_id"],
            ["case_review.ccg_id", "case_review.id"],
            name="converted_from_a_case_of_that_ccg",
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_case_review_created_by_id")),
        sa.ForeignKeyConstraint(
            ["designated_professional_id"],
            ["designated_professional.id"],
            name=op.f("fk_case_review_designated_professional_id"),
        ),
        sa.ForeignKeyConstraint(["review_type_id"], ["review_type.id"], name=op.f("fk_case_review_review_type_id")),
        sa.ForeignKeyConstraint(["theme_1_id"], ["theme.id"], name=op.f("fk_case_review_theme_1_id")),
        sa.ForeignKeyConstraint(["theme_2_id"], ["theme.id"], name=op.f("fk_case_review_theme_2_id")),
        sa.ForeignKeyConstraint(["theme_3_id"], ["theme.id"], name=op.f("fk_case_review_theme_3_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_review")),
        sa.UniqueConstraint("ccg_id", "id", name="a_case_is_known_with_its_ccg"),
        sa.UniqueConstraint("reference", name=op.f("uq_case_review_reference")),
    )
    with op.batch_alter_table("case_review", schema=None) as batch_op:
        batch_op.create_index(
            "a_local_identifier_is_used_once_in_its_ccg",
            ["ccg_id", "local_identifier"],
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        )
        batch_op.create_index(
            "a_steis_number_is_used_once_in_its_ccg_and_type",
            ["ccg_id", "steis_number", "review_type_id"],
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        )
        batch_op.create_index("ix_case_review_date_added", ["date_added", "id"], unique=False)
        batch_op.create_index("ix_case_review_ccg_id_date_added", ["ccg_id", "date_added"], unique=False)
        batch_op.create_index("ix_case_review_ccg_id_incident_date", ["ccg_id", "incident_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_review_type_id"), ["review_type_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_review_theme_1_id"), ["theme_1_id"], unique=False)

    op.create_table(
        "grant_of_role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "ccg_editor",
                "oversight",
                "analyst",
                "administrator",
                name="role_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_grant_of_role_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_grant_of_role_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_of_role")),
        sa.UniqueConstraint("person_id", "role", "organisation_id", name="a_grant_is_given_once"),
    )
    with op.batch_alter_table("grant_of_role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grant_of_role_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "organisation_membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("child_id <> parent_id", name=op.f("nothing_is_part_of_itself")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("a_membership_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(["child_id"], ["organisation.id"], name=op.f("fk_organisation_membership_child_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["organisation.id"], name=op.f("fk_organisation_membership_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_membership")),
    )
    with op.batch_alter_table("organisation_membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_membership_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_organisation_membership_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(
            "one_open_membership_for_each_organisation",
            ["child_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "organisation_name",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("ons_code", sa.String(length=9), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name=op.f("a_name_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_name_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_name")),
    )
    with op.batch_alter_table("organisation_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_name_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(
            "one_open_name_for_each_organisation",
            ["organisation_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "organisation_succession",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("predecessor_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.CheckConstraint("predecessor_id <> successor_id", name=op.f("nothing_succeeds_itself")),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["organisation.id"], name=op.f("fk_organisation_succession_predecessor_id")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["organisation.id"], name=op.f("fk_organisation_succession_successor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_succession")),
        sa.UniqueConstraint("predecessor_id", "successor_id", name="a_succession_stands_once"),
    )
    with op.batch_alter_table("organisation_succession", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_succession_successor_id"), ["successor_id"], unique=False)

    database_rules.create(op.get_bind(), ["overview", "latest_update", "lessons"])


def downgrade() -> None:
    database_rules.drop(op.get_bind())
    with op.batch_alter_table("organisation_succession", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_succession_successor_id"))

    op.drop_table("organisation_succession")
    with op.batch_alter_table("organisation_name", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_name_for_each_organisation",
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_organisation_name_organisation_id"))

    op.drop_table("organisation_name")
    with op.batch_alter_table("organisation_membership", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_membership_for_each_organisation",
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_organisation_membership_parent_id"))
        batch_op.drop_index(batch_op.f("ix_organisation_membership_child_id"))

    op.drop_table("organisation_membership")
    with op.batch_alter_table("grant_of_role", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grant_of_role_organisation_id"))

    op.drop_table("grant_of_role")
    with op.batch_alter_table("case_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_review_theme_1_id"))
        batch_op.drop_index(batch_op.f("ix_case_review_review_type_id"))
        batch_op.drop_index(batch_op.f("ix_case_review_changed_at"))
        batch_op.drop_index("ix_case_review_ccg_id_incident_date")
        batch_op.drop_index("ix_case_review_date_added")
        batch_op.drop_index("ix_case_review_ccg_id_date_added")
        batch_op.drop_index(
            "a_steis_number_is_used_once_in_its_ccg_and_type",
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        )
        batch_op.drop_index(
            "a_local_identifier_is_used_once_in_its_ccg",
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        )

    op.drop_table("case_review")
    with op.batch_alter_table("used_form_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_used_form_token_used_at"))

    op.drop_table("used_form_token")
    with op.batch_alter_table("sign_in_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_session_person_id"))

    op.drop_table("sign_in_session")
    op.drop_table("organisation")
    op.drop_table("theme")
    op.drop_table("setting")
    op.drop_table("review_type")
    op.drop_table("person")
    op.drop_table("organisation_kind")
    op.drop_table("designated_professional")
